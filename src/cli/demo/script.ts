/** The steps by which a project of the demo comes to be, each at its time. */
import { trackMetrics } from '../../domains/analytics/analytics.service.ts';
import type { MetricInput } from '../../domains/analytics/metricEvent.ts';
import { createArchitecture } from '../../domains/architectures/architectures.service.ts';
import { importSchema } from '../../domains/databaseSchemas/conversion.service.ts';
import { createPage } from '../../domains/documentation/documentationPages.service.ts';
import { createIntegration } from '../../domains/integrations/integrations.service.ts';
import { createProject } from '../../domains/projects/projects.service.ts';
import { acceptInvitation, inviteMember } from '../../domains/teams/invitations.service.ts';
import { people, type DemoProject } from './demoProject.ts';
import { releaseSteps, type ProjectState } from './releases.ts';
import { randomOf, type Step } from './stage.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Returns all steps of a project up to `now` (milliseconds since 1970). */
export function stepsOf(project: DemoProject, now: number): Step[] {
  const state: ProjectState = { id: '' };
  const start = now - project.startedDaysAgo * day;
  return [
    {
      at: start,
      key: 'project',
      by: project.owner,
      act: async (context, idempotencyKey) => {
        const input = { ...project.fields, tags: [...project.fields.tags] };
        state.id = (await createProject(context, { input, idempotencyKey })).project.id;
      },
    },
    ...memberSteps(project, state, start),
    ...designSteps(project, state, { start, now }),
    ...releaseSteps(project, state, now),
    ...metricSteps(project, state, now),
  ];
}

function memberSteps(project: DemoProject, state: ProjectState, start: number): Step[] {
  return project.members.flatMap(({ person, role }, i): Step[] => {
    const invited = { id: '' };
    const input = { email: people[person].email, role };
    return [
      {
        at: start + day + i * hour,
        key: `invite-${person}`,
        by: project.owner,
        act: async (context, idempotencyKey) => {
          invited.id = (await inviteMember(context, { projectId: state.id, input, idempotencyKey })).invitation.id;
        },
      },
      {
        at: start + day + (i + 5) * hour,
        key: `join-${person}`,
        by: person,
        act: (context, idempotencyKey) => acceptInvitation(context, { id: invited.id, idempotencyKey }),
      },
    ];
  });
}

function designSteps(project: DemoProject, state: ProjectState, { start, now }: { start: number; now: number }): Step[] {
  const { owner: by, schema, architectures, pages, integration } = project;
  const share = (part: number): number => start + part * (now - start);
  const schemas = schema.versions.map((_, i): Step => {
    const source = schema.versions.slice(0, i + 1).join('\n');
    const act: Step['act'] = (context, idempotencyKey) =>
      importSchema(context, {
        input: { projectId: state.id, name: schema.name, format: 'sql', dialect: 'postgres', source },
        idempotencyKey,
      });
    return { at: i === 0 ? start + 2 * day : share(0.35 * i), key: `schema-${i + 1}`, by, act };
  });
  const diagrams = architectures.map(({ name, description, nodes, edges }, i): Step => {
    const input = {
      name,
      description,
      nodes: nodes.map(([id, type, label, column, row]) => ({ id, type, label, position: { x: 220 * column, y: 140 * row } })),
      edges: edges.map(([source, target, label, type], n) => ({
        id: `e${n + 1}`,
        source,
        target,
        label,
        ...(type !== undefined && { type }),
      })),
    };
    const act: Step['act'] = (context, idempotencyKey) =>
      createArchitecture(context, { input: { ...input, projectId: state.id }, idempotencyKey });
    return { at: start + 3 * day + i * 20 * day, key: `architecture-${i + 1}`, by, act };
  });
  const texts = pages.map((page, i): Step => {
    const act: Step['act'] = (context, idempotencyKey) => createPage(context, { input: { ...page, projectId: state.id }, idempotencyKey });
    return { at: share(0.1 + 0.15 * i), key: `page-${i + 1}`, by, act };
  });
  const connect: Step['act'] = async (context, idempotencyKey) =>
    integration && createIntegration(context, { input: { ...integration, enabled: false, projectId: state.id }, idempotencyKey });
  return [...schemas, ...diagrams, ...texts, ...(integration ? [{ at: share(0.5), key: 'integration', by, act: connect }] : [])];
}

/** Events live 90 days; what is shown must not expire tomorrow. */
const metricDays = 56;

/** One report a week, with one event a day and metric. */
function metricSteps(project: DemoProject, state: ProjectState, now: number): Step[] {
  const random = randomOf(`metrics of ${project.key}`);
  const days = Math.min(metricDays, project.startedDaysAgo - 14);
  const steps: Step[] = [];
  for (let week = 0; week * 7 < days; week += 1) {
    const inputs: Omit<MetricInput, 'projectId'>[] = [];
    const last = Math.min(days, (week + 1) * 7);
    for (let n = week * 7; n < last; n += 1) {
      const timestamp = new Date(now - (days - n) * day + 9 * hour).toISOString();
      inputs.push(
        ...project.metrics.map((metric) => ({
          metric: metric.metric,
          timestamp,
          value: valueOf(metric, n / days, random()),
          dimensions: { unit: metric.unit },
        })),
      );
    }
    const act: Step['act'] = (context, idempotencyKey) =>
      trackMetrics(context, { inputs: inputs.map((input) => ({ ...input, projectId: state.id })), idempotencyKey });
    steps.push({ at: Math.min(now, now - (days - last) * day + 10 * hour), key: `metrics-${week + 1}`, by: project.owner, act });
  }
  return steps;
}

function valueOf({ base, growth }: { base: number; growth: number }, share: number, random: number): number {
  const value = (base + growth * share) * (0.9 + 0.2 * random);
  return Number(value.toPrecision(3));
}
