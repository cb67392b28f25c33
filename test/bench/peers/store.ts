/** How the peers read and write the tables: the stock SDK's document client, as its documentation shows it. All peers share it. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { Agent } from 'node:http';
import { typeid } from 'typeid-js';
import type { PeerOptions } from './peer.ts';

/** A row as the document client returns it, enum values in the form of the API. */
export type Row = Record<string, unknown> & { id: string };

/** A list of a project. */
export type Relation = 'schemas' | 'deployments' | 'activity';

/** The lists, in the order of the page. */
export const relations: readonly Relation[] = ['schemas', 'deployments', 'activity'];

/** What a client sends to create a deployment. */
export interface NewDeployment {
  projectId: string;
  environment: string;
  provider: string;
  version?: string;
}

/** Access to the tables. */
export interface Store {
  /** The newest projects of an owner. */
  projects(ownerId: string, first: number): Promise<Row[]>;
  project(ownerId: string, id: string): Promise<Row | null>;
  deployment(ownerId: string, id: string): Promise<Row | null>;
  /** Several rows by key with one BatchGetItem (100 at most), in the order of the ids. */
  byIds(table: 'projects' | 'deployments', ownerId: string, ids: readonly string[]): Promise<(Row | null)[]>;
  /** The first rows of a list of one project: schemas by version, the others newest first. */
  list(relation: Relation, projectId: string, first: number): Promise<Row[]>;
  /** One page of what an owner has in all projects, newest first. */
  listOfOwner(
    relation: Relation,
    ownerId: string,
    page: { limit: number; start?: Record<string, unknown> | undefined },
  ): Promise<{ rows: Row[]; next: Record<string, unknown> | undefined }>;
  /**
   * Creates a deployment with its activity and its counters in one transaction, as the API does: the same four items and
   * the same guarantee. Returns null when the owner has no such project.
   */
  createDeployment(ownerId: string, input: NewDeployment): Promise<Row | null>;
}

const counterShards = 8;
const secondsPerYear = 365 * 86_400;

const enumName = (stored: unknown): string => String(stored).toUpperCase().replaceAll('-', '_');
const storedEnum = (name: string): string => name.toLowerCase().replaceAll('_', '-');
const enumAttributes: Record<Relation, readonly string[]> = {
  schemas: [],
  deployments: ['status', 'environment', 'provider'],
  activity: ['entityType'],
};

function present(relation: Relation, row: Record<string, unknown>): Row {
  const enums = enumAttributes[relation].map((attribute) => [attribute, enumName(row[attribute])] as const);
  return { ...(row as Row), ...Object.fromEntries(enums) };
}

function openClient({ endpoint }: PeerOptions): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // The SDK's default of 50 sockets would hold back the second half of the page's 60 queries.
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: 128 }) },
  });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

/** Opens the store; nothing is sent yet. */
export function openStore(options: PeerOptions): Store {
  const documents = openClient(options);
  const tableOf = (name: string): string => `${options.prefix}${name}`;

  async function queryIndex(
    table: string,
    index: string,
    query: { key: string; value: string; limit: number; start?: object | undefined },
  ) {
    const output = await documents.send(
      new QueryCommand({
        TableName: tableOf(table),
        IndexName: index,
        KeyConditionExpression: '#key = :value',
        ExpressionAttributeNames: { '#key': query.key },
        ExpressionAttributeValues: { ':value': query.value },
        ScanIndexForward: false,
        Limit: query.limit,
        ExclusiveStartKey: query.start as Record<string, unknown> | undefined,
      }),
    );
    return { rows: (output.Items ?? []) as Row[], next: output.LastEvaluatedKey };
  }

  async function get(table: string, ownerId: string, id: string): Promise<Row | null> {
    const { Item: item } = await documents.send(new GetCommand({ TableName: tableOf(table), Key: { id, userId: ownerId } }));
    return (item as Row | undefined) ?? null;
  }

  const store: Store = {
    projects: async (ownerId, first) => {
      const { rows } = await queryIndex('projects', 'UserIdIndex', { key: 'userId', value: ownerId, limit: first });
      return rows;
    },
    project: (ownerId, id) => get('projects', ownerId, id),
    deployment: async (ownerId, id) => {
      const row = await get('deployments', ownerId, id);
      return row && present('deployments', row);
    },
    byIds: async (table, ownerId, ids) => {
      const name = tableOf(table);
      const keys = ids.map((id) => ({ id, userId: ownerId }));
      const { Responses: found } = await documents.send(new BatchGetCommand({ RequestItems: { [name]: { Keys: keys } } }));
      const rows = new Map((found?.[name] ?? []).map((row) => [row['id'] as string, row]));
      return ids.map((id) => {
        const row = rows.get(id);
        if (!row) return null;
        return table === 'deployments' ? present('deployments', row) : (row as Row);
      });
    },
    list: async (relation, projectId, first) => {
      const { rows } = await queryIndex(relation, 'ProjectIdIndex', { key: 'projectId', value: projectId, limit: first });
      return rows.map((row) => present(relation, row));
    },
    listOfOwner: async (relation, ownerId, { limit, start }) => {
      const { rows, next } = await queryIndex(relation, 'UserIdIndex', { key: 'userId', value: ownerId, limit, start });
      return { rows: rows.map((row) => present(relation, row)), next };
    },
    createDeployment: async (ownerId, input) => {
      const project = await store.project(ownerId, input.projectId);
      if (!project) return null;
      const deployment = newDeployment(ownerId, input);
      await documents.send(new TransactWriteCommand({ TransactItems: writesOf(deployment, tableOf) }));
      return present('deployments', deployment);
    },
  };
  return store;
}

function newDeployment(ownerId: string, input: NewDeployment): Row {
  const now = new Date().toISOString();
  const { projectId, environment, provider, version } = input;
  return {
    ...{ id: typeid('dep').toString(), userId: ownerId, createdById: ownerId, projectId, version },
    ...{ environment: storedEnum(environment), provider: storedEnum(provider), status: 'pending' },
    ...{ createdAt: now, updatedAt: now, revision: 1 },
  };
}

function writesOf(deployment: Row, tableOf: (name: string) => string) {
  const { id, userId: ownerId, projectId, createdAt, environment, provider, version } = deployment as Record<string, string>;
  const shard = Math.floor(Math.random() * counterShards);
  const activity = {
    ...{ id: typeid('act').toString(), createdAt, userId: ownerId, projectId },
    ...{ action: 'created', entityType: 'deployment', entityId: id, ipAddress: '127.0.0.1' },
    metadata: { entityName: version, environment, provider },
    ttl: Math.floor(Date.now() / 1000) + secondsPerYear,
  };
  const count = (table: string, key: Record<string, string | undefined>) => ({
    Update: {
      TableName: tableOf(table),
      Key: key,
      UpdateExpression: 'ADD #all :one, #pending :one, #changes :one',
      ExpressionAttributeNames: { '#all': 'deployments', '#pending': 'deployments:pending', '#changes': 'changes' },
      ExpressionAttributeValues: { ':one': 1 },
    },
  });
  const put = (table: string, item: Record<string, unknown>) => ({
    Put: {
      TableName: tableOf(table),
      Item: item,
      ConditionExpression: 'attribute_not_exists(#id)',
      ExpressionAttributeNames: { '#id': 'id' },
    },
  });
  return [
    put('activity', activity),
    put('deployments', deployment),
    count('settings', { userId: `stats#${ownerId}#${shard}` }),
    count('projects', { id: projectId, userId: `${ownerId}#stats#${shard}` }),
  ];
}
