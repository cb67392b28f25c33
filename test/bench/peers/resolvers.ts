/** The resolvers that the GraphQL peers share. How a field is read is the peer's: see `Reader`. */
import DataLoader from 'dataloader';
import type { NewDeployment, Relation, Row, Store } from './store.ts';

/** What the resolvers of one request read with. */
export interface Reader {
  project(id: string): Promise<Row | null>;
  deployment(id: string): Promise<Row | null>;
  list(relation: Relation, projectId: string, first: number): Promise<Row[]>;
}

/** The context of one request. */
export interface PeerContext {
  readonly userId: string;
  readonly store: Store;
  readonly read: Reader;
}

const defaultFirst = 25;

/** Returns a context whose every read is a call of its own. */
export function naiveContext(store: Store, userId: string): PeerContext {
  return {
    ...{ userId, store },
    read: {
      project: (id) => store.project(userId, id),
      deployment: (id) => store.deployment(userId, id),
      list: (relation, projectId, first) => store.list(relation, projectId, first),
    },
  };
}

/** Returns a context with the usual loaders of one request: rows by id in one BatchGetItem, lists of projects with one Query each. */
export function dataLoaderContext(store: Store, userId: string): PeerContext {
  const projects = new DataLoader((ids: readonly string[]) => store.byIds('projects', userId, ids));
  const deployments = new DataLoader((ids: readonly string[]) => store.byIds('deployments', userId, ids));
  const lists = new DataLoader(
    (keys: readonly { relation: Relation; projectId: string; first: number }[]) =>
      Promise.all(keys.map(({ relation, projectId, first }) => store.list(relation, projectId, first))),
    { cacheKeyFn: ({ relation, projectId, first }) => `${relation} ${projectId} ${first}` },
  );
  return {
    ...{ userId, store },
    read: {
      project: (id) => projects.load(id),
      deployment: (id) => deployments.load(id),
      list: (relation, projectId, first) => lists.load({ relation, projectId, first }),
    },
  };
}

const listOf =
  (relation: Relation) =>
  async (project: Row, { first }: { first?: number }, { read }: PeerContext): Promise<{ nodes: Row[] }> => ({
    nodes: await read.list(relation, project.id, first ?? defaultFirst),
  });

/** Resolvers of the root fields; `Project` comes from `projectResolvers`, or from Mercurius' loaders. */
export const rootResolvers = {
  Query: {
    viewer: (_: unknown, __: unknown, { userId }: PeerContext) => ({ id: userId }),
    project: (_: unknown, { id }: { id: string }, { read }: PeerContext) => read.project(id),
    deployment: (_: unknown, { id }: { id: string }, { read }: PeerContext) => read.deployment(id),
  },
  Mutation: {
    deploymentCreate: async (_: unknown, { input }: { input: NewDeployment }, { store, userId }: PeerContext) => {
      const deployment = await store.createDeployment(userId, input);
      return { deployment, userErrors: deployment ? [] : [{ message: 'There is no such project.' }] };
    },
  },
  User: {
    projects: async ({ id }: Row, { first }: { first?: number }, { store }: PeerContext) => ({
      nodes: await store.projects(id, first ?? defaultFirst),
    }),
  },
};

/** Resolvers of a project's lists. */
export const projectResolvers = {
  Project: { schemas: listOf('schemas'), deployments: listOf('deployments'), activity: listOf('activity') },
};
