/** One dashboard: alarms, requests, errors, latency, tasks, and what the tables do. */
import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  Metric,
  PeriodOverride,
  Stats,
  type Alarm,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { HttpCodeElb, HttpCodeTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { tableIds, type TableId } from '../../../src/data/tables.ts';
import type { Watched } from './alarms.ts';
import { size, throttles, unitsOf } from './metrics.ts';

const period = Duration.minutes(1);

function graph(
  title: string,
  left: readonly IMetric[],
  { right = [], label }: { right?: readonly IMetric[]; label?: string } = {},
): GraphWidget {
  return new GraphWidget({
    title,
    left: [...left],
    right: [...right],
    width: 8,
    height: 6,
    ...(label !== undefined && { leftYAxis: { label } }),
  });
}

function requestGraphs({ targets, loadBalancer }: Watched): IWidget[] {
  const sum = { statistic: Stats.SUM, period };
  const latency = (percent: number): IMetric =>
    targets.metrics.targetResponseTime({ statistic: Stats.percentile(percent), period, label: `p${percent}` });
  return [
    graph('Requests a minute', [targets.metrics.requestCount({ ...sum, label: 'all tasks' })], {
      right: [targets.metrics.requestCountPerTarget({ ...sum, label: 'each task' })],
    }),
    graph('Errors a minute', [
      targets.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { ...sum, label: '5xx of the server' }),
      targets.metrics.httpCodeTarget(HttpCodeTarget.TARGET_4XX_COUNT, { ...sum, label: '4xx of the server' }),
      loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, { ...sum, label: '5xx of the load balancer' }),
    ]),
    graph('Latency', [50, 95, 99].map(latency), { label: 'seconds' }),
  ];
}

function taskGraphs({ service, cluster, targets, loadBalancer }: Watched): IWidget[] {
  const running = new Metric({
    namespace: 'ECS/ContainerInsights',
    metricName: 'RunningTaskCount',
    dimensionsMap: { ClusterName: cluster.clusterName, ServiceName: service.serviceName },
    statistic: Stats.AVERAGE,
    period,
    label: 'running',
  });
  const usage = { statistic: Stats.AVERAGE, period };
  return [
    graph('Tasks', [
      running,
      targets.metrics.healthyHostCount({ ...usage, label: 'ready' }),
      targets.metrics.unhealthyHostCount({ ...usage, label: 'not ready' }),
    ]),
    graph('CPU and memory of tasks', [service.metricCpuUtilization(usage), service.metricMemoryUtilization(usage)], { label: '%' }),
    // WebSockets and event streams among them.
    graph('Connections of clients', [loadBalancer.metrics.activeConnectionCount({ statistic: Stats.SUM, period })]),
  ];
}

function tableGraphs({ tablePrefix: prefix }: Watched): IWidget[] {
  const each = (metric: (of: { table: TableId; prefix: string }) => IMetric): IMetric[] =>
    tableIds.map((table) => metric({ table, prefix }));
  return [
    graph(
      'Read units of tables',
      each((of) => unitsOf('Read', of)),
    ),
    graph(
      'Write units of tables',
      each((of) => unitsOf('Write', of)),
    ),
    graph('Throttled reads and writes', each(throttles)),
    graph(
      'Size of tables',
      each((of) => size(of).with({ label: of.table })),
      { label: 'bytes' },
    ),
  ];
}

/** Adds the dashboard, named after the prefix of the tables. */
export function addDashboard(scope: Construct, watched: Watched & { alarms: readonly Alarm[] }): Dashboard {
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: `${watched.tablePrefix}api`,
    periodOverride: PeriodOverride.AUTO,
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...watched.alarms], width: 24, height: 6 })],
      requestGraphs(watched),
      taskGraphs(watched),
      tableGraphs(watched),
    ],
  });
}
