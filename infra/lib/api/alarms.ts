/** All alarms, on one topic: of the tables, the load balancer, the tasks, and what DynamoDB costs. docs/deployment.md says what each means. */
import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Stats, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { HttpCodeElb, HttpCodeTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { tableIds, tables } from '../../../src/data/tables.ts';
import type { Balancing } from './loadBalancer.ts';
import { alarmPeriod, size, systemErrors, throttles, unitsOfAll } from './metrics.ts';
import type { Service } from './service.ts';
import type { ApiSettings } from './settings.ts';

/** What is watched. */
export interface Watched extends Balancing, Service {
  readonly settings: ApiSettings;
  readonly tablePrefix: string;
  readonly tableSizes: LambdaFunction;
}

/** An alarm: when `metric` is above `threshold` in `periods` periods in a row. */
interface Rule {
  readonly id: string;
  readonly description: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly periods?: number;
  /** What no data means: nothing happened, unless a value is only measured now and then. */
  readonly missing?: TreatMissingData;
}

const bytesOfGiB = 1024 ** 3;

/** A table costs more than planned from its budget on; this much of it leaves time to do something. */
const shareOfBudget = 0.8;

function tableRules({ tablePrefix: prefix, settings }: Watched): Rule[] {
  return tableIds.flatMap((table) => {
    const { construct, name } = tables[table];
    const budget = settings.tableBudgetGiB;
    return [
      {
        id: `${construct}Throttles`,
        description: `More than 5 throttled reads or writes of ${name} in 5 minutes`,
        metric: throttles({ table, prefix }),
        threshold: 5,
      },
      {
        id: `${construct}SystemErrors`,
        description: `DynamoDB failed more than 10 calls on ${name} in 5 minutes by its own fault`,
        metric: systemErrors({ table, prefix }),
        threshold: 10,
      },
      {
        id: `${construct}Size`,
        description: `${name} is larger than 80 % of its budget of ${budget} GiB`,
        metric: size({ table, prefix }),
        threshold: shareOfBudget * budget * bytesOfGiB,
        missing: TreatMissingData.IGNORE,
      },
    ];
  });
}

function requestRules({ loadBalancer, targets }: Watched): Rule[] {
  const sum = { statistic: Stats.SUM, period: alarmPeriod };
  return [
    {
      id: 'LoadBalancerErrors',
      description: 'The load balancer answered more than 10 requests with 5xx in 5 minutes: no task took them, or none answered in time',
      metric: loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, sum),
      threshold: 10,
    },
    {
      id: 'ServerErrors',
      description: 'The server answered more than 10 requests with 5xx in 5 minutes',
      metric: targets.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, sum),
      threshold: 10,
    },
    {
      id: 'Latency',
      description: 'One request in twenty took longer than a second, for 15 minutes',
      metric: targets.metrics.targetResponseTime({ statistic: Stats.percentile(95), period: alarmPeriod }),
      threshold: 1,
      periods: 3,
    },
    {
      id: 'UnhealthyHosts',
      description: 'A task has not been ready for 5 minutes',
      metric: targets.metrics.unhealthyHostCount({ statistic: Stats.MINIMUM, period: Duration.minutes(1) }),
      threshold: 0,
      periods: 5,
    },
  ];
}

function taskRules({ service, tableSizes }: Watched): Rule[] {
  const average = { statistic: Stats.AVERAGE, period: alarmPeriod };
  return [
    {
      id: 'Cpu',
      description: 'Tasks use more than 85 % of their CPU for 15 minutes: there are as many as there may be, or they come too slowly',
      metric: service.metricCpuUtilization(average),
      threshold: 85,
      periods: 3,
    },
    {
      id: 'Memory',
      description: 'Tasks use more than 85 % of their memory for 15 minutes',
      metric: service.metricMemoryUtilization(average),
      threshold: 85,
      periods: 3,
    },
    {
      id: 'TableSizesFailed',
      description: 'The sizes of tables could not be measured: the alarms of sizes know nothing new',
      metric: tableSizes.metricErrors({ statistic: Stats.SUM, period: Duration.hours(1) }),
      threshold: 0,
    },
  ];
}

function costRules({ settings, tablePrefix }: Watched): Rule[] {
  const { readUnitsPerHour, writeUnitsPerHour } = settings;
  return [
    {
      id: 'ReadCost',
      description: `All tables together consumed more than ${readUnitsPerHour} read units in an hour`,
      metric: unitsOfAll('Read', tablePrefix),
      threshold: readUnitsPerHour,
    },
    {
      id: 'WriteCost',
      description: `All tables together consumed more than ${writeUnitsPerHour} write units in an hour`,
      metric: unitsOfAll('Write', tablePrefix),
      threshold: writeUnitsPerHour,
    },
  ];
}

function addTopic(scope: Construct, email: string | undefined): Topic {
  const topic = new Topic(scope, 'Alarms', { displayName: 'Alarms of Snapinfra', enforceSSL: true });
  // A policy takes the place of the usual one, which lets alarms of the account in.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'Alarms',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
  return topic;
}

/** Adds the topic and the alarms; each tells when it begins and when it is over. */
export function addAlarms(scope: Construct, watched: Watched): { topic: Topic; alarms: Alarm[] } {
  const topic = addTopic(scope, watched.settings.alarmEmail);
  const action = new SnsAction(topic);
  const rules = [...requestRules(watched), ...taskRules(watched), ...costRules(watched), ...tableRules(watched)];
  const alarms = rules.map(({ id, description, metric, threshold, periods = 1, missing = TreatMissingData.NOT_BREACHING }) => {
    const alarm = new Alarm(scope, `${id}Alarm`, {
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: missing,
    });
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return alarm;
  });
  return { topic, alarms };
}
