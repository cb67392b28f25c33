/** Clients of the contestants: each gets the same page in the way that its kind of server offers it. */
import { Pool } from 'undici';
import type { Contestant } from './contestants.ts';
import { newDeployment, queries, variablesOf, type PageCall } from './pages.ts';

/** Whose page it is. This server checks the token; the peers take the id's word. */
export interface Identity {
  readonly userId: string;
  readonly token: string;
}

/** One user of a server, with connections of their own. */
export interface PageClient {
  /** Resolves with the answer's text. Rejects when the answer is not a complete success. */
  perform(call: PageCall): Promise<string>;
  close(): Promise<void>;
}

/** Browsers open six connections to a server that speaks HTTP/1.1. */
const connections = 6;

interface Target {
  readonly contestant: Contestant;
  readonly url: string;
  /** Absent for requests without credentials. */
  readonly identity?: Identity | undefined;
}

interface HttpCall {
  readonly path: string;
  readonly body?: unknown;
}

/** Opens a client; the first request connects. */
export function openClient({ contestant, url, identity }: Target): PageClient {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ...(identity && (contestant === 'snapinfra' ? { authorization: `Bearer ${identity.token}` } : { 'x-user-id': identity.userId })),
  };
  const send = async ({ path, body }: HttpCall): Promise<string> => {
    const method = body === undefined ? 'GET' : 'POST';
    const answer = await pool.request({ path, method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`${contestant} answered ${path} with status ${answer.statusCode}: ${text.slice(0, 500)}`);
    return text;
  };
  const perform =
    contestant === 'rest'
      ? (call: PageCall) => performRest(send, identity?.userId ?? '', call)
      : contestant === 'bare'
        ? (call: PageCall) => send(bareCall(call))
        : (call: PageCall) => performGraphql(send, contestant, call);
  return { perform, close: () => pool.close() };
}

type Sender = (call: HttpCall) => Promise<string>;

const successOfCreate = /"deployment":\{/;

async function performGraphql(send: Sender, contestant: Contestant, call: PageCall): Promise<string> {
  const text = await send({ path: '/graphql', body: { query: queries[call.page], variables: variablesOf(call) } });
  // Errors come first or last, and pages are long: parsing each answer would cost more than some servers spend on it.
  const ends = text.slice(0, 200) + text.slice(-500);
  if (ends.includes('"errors":') || (call.page === 'create' && !successOfCreate.test(ends)))
    throw new Error(`${contestant} answered ${call.page} with errors: ${text.slice(0, 500)}`);
  return text;
}

function bareCall({ page, projects, projectId = '', deploymentId = '' }: PageCall): HttpCall {
  if (page === 'page') return { path: `/page?projects=${projects ?? 20}` };
  if (page === 'project') return { path: `/project?id=${projectId}` };
  if (page === 'object') return { path: `/deployment?id=${deploymentId}` };
  return { path: '/create', body: newDeployment(projectId) };
}

const restLists = ['schemas', 'deployments', 'activity'];

/** Puts a project and its lists together as a page needs them; JSON is joined as text, which costs this process least. */
async function restProject(send: Sender, id: string, project: string): Promise<string> {
  const lists = await Promise.all(
    restLists.map(async (list) => `"${list}":{"nodes":${await send({ path: `/projects/${id}/${list}?first=5` })}}`),
  );
  return `${project.slice(0, -1)},${lists.join(',')}}`;
}

async function performRest(send: Sender, userId: string, { page, projects, projectId = '', deploymentId }: PageCall): Promise<string> {
  if (page === 'object') return `{"data":{"deployment":${await send({ path: `/deployments/${deploymentId ?? ''}` })}}}`;
  if (page === 'create') {
    const created = await send({ path: '/deployments', body: newDeployment(projectId) });
    return `{"data":{"deploymentCreate":{"deployment":${created},"userErrors":[]}}}`;
  }
  if (page === 'project') {
    const project = await send({ path: `/projects/${projectId}` });
    return `{"data":{"project":${await restProject(send, projectId, project)}}}`;
  }
  const list = JSON.parse(await send({ path: `/projects?first=${projects ?? 20}` })) as { id: string }[];
  const nodes = await Promise.all(list.map((project) => restProject(send, project.id, JSON.stringify(project))));
  return `{"data":{"viewer":{"id":"${userId}","projects":{"nodes":[${nodes.join(',')}]}}}}`;
}
