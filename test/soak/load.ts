/** The mixed load of a soak: people who read pages, change things and take them away again, mistakes, strangers, sockets, streams. */
import { createClient, type Client as SocketClient } from 'graphql-ws';
import { Agent, request } from 'undici';
import { WebSocket } from 'ws';

/** Somebody who works with the server. */
interface Person {
  readonly email: string;
  token: string;
  signedInAt: number;
  readonly projectId: string;
}

/** A load that can be held and went on with. */
export interface Load {
  /** Requests answered so far. */
  answered(): number;
  /** Answers that should not have come, with examples. */
  readonly faults: string[];
  /** Resolves when nothing is under way; nothing new begins before `resume`. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

const password = 'correct horse battery';
const people = 4;
/** Access tokens end after a quarter of an hour. */
const tokenAgeMs = 5 * 60_000;
const errors = 'userErrors { code message }';

interface Answer {
  readonly status: number;
  readonly body: { data?: Record<string, Record<string, unknown>>; errors?: { extensions: { code: string } }[] };
}

/** Sends requests over a fixed number of connections, so that their number says nothing. */
function createSender(url: string): { send: Sender; close: () => Promise<void> } {
  const dispatcher = new Agent({ connections: people * 2, keepAliveTimeout: 600_000, keepAliveMaxTimeout: 600_000 });
  const send: Sender = async ({ query, variables, token, accept }) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...(accept && { accept }) };
    const path = accept ? '/graphql/stream' : '/graphql';
    const response = await request(`${url}${path}`, { method: 'POST', dispatcher, headers, body: JSON.stringify({ query, variables }) });
    const text = await response.body.text();
    return { status: response.statusCode, body: accept ? {} : (JSON.parse(text) as Answer['body']) };
  };
  return { send, close: () => dispatcher.close() };
}

interface Question {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly token?: string;
  /** Asks the event stream for this media type. */
  readonly accept?: string;
}

type Sender = (question: Question) => Promise<Answer>;

async function signIn(send: Sender, person: Person): Promise<void> {
  const query = `mutation ($input: SignInInput!) { signIn(input: $input) { accessToken ${errors} } }`;
  const { body } = await send({ query, variables: { input: { email: person.email, password } } });
  person.token = String(body.data?.['signIn']?.['accessToken']);
  person.signedInAt = Date.now();
}

async function join(send: Sender, number: number): Promise<Person> {
  const email = `soak-${number}-${Date.now()}@example.com`;
  const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken ${errors} } }`;
  const { body } = await send({ query: signUp, variables: { input: { email, password, username: 'Soak' } } });
  const token = String(body.data?.['signUp']?.['accessToken']);
  const create = `mutation { projectCreate(input: { name: "Soak" }) { project { id } ${errors} } }`;
  const project = (await send({ query: create, token })).body.data?.['projectCreate']?.['project'] as { id: string };
  return { email, token, signedInAt: Date.now(), projectId: project.id };
}

const page =
  '{ viewer { projects(first: 20) { nodes { id name schemas(first: 5) { nodes { id name } } deployments(first: 5) { nodes { id status } } activity(first: 5) { nodes { id action } } } } } dashboard { stats { projects deployments } } }';

/** What a person does, and how often. Whatever is made is removed again, so that the data stay about as they are. */
type Deed = (context: { send: Sender; person: Person; socket: SocketClient; turn: number }) => Promise<Answer | undefined>;

async function makeAndRemove(
  send: Sender,
  { token, made, kind, remove }: { token: string; made: Answer; kind: string; remove: string },
): Promise<Answer> {
  const payload = Object.values(made.body.data ?? {})[0]?.[kind] as { id: string } | undefined;
  return payload
    ? send({ token, query: `mutation ($id: ID!) { ${remove}(id: $id) { deletedId ${errors} } }`, variables: { id: payload.id } })
    : made;
}

const deeds: readonly (readonly [share: number, deed: Deed])[] = [
  [40, ({ send, person: { token } }) => send({ query: page, token })],
  // A new and long text each time, so that caches of documents reach their end during the warm-up.
  [
    10,
    ({ send, person: { token, projectId }, turn }) =>
      send({
        query: `query Q${turn}x${projectId.slice(-6)} { project(id: "${projectId}") { id name stats { schemas } } }${' '.repeat(1_000)}`,
        token,
      }),
  ],
  [
    8,
    async ({ send, person: { token, projectId }, turn }) => {
      const input = { projectId, name: `s${turn}`, tables: [{ name: 'users', fields: [{ name: 'id', type: 'uuid' }] }] };
      const made = await send({
        token,
        query: `mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { id } ${errors} } }`,
        variables: { input },
      });
      return makeAndRemove(send, { token, made, kind: 'schema', remove: 'schemaDelete' });
    },
  ],
  [
    6,
    async ({ send, person: { token, projectId } }) => {
      const query = `mutation ($id: ID!) { deploymentCreate(input: { projectId: $id, environment: STAGING, provider: AWS, version: "1" }) { deployment { id } ${errors} } }`;
      const made = await send({ token, query, variables: { id: projectId } });
      return makeAndRemove(send, { token, made, kind: 'deployment', remove: 'deploymentDelete' });
    },
  ],
  [
    6,
    ({ send, person: { token, projectId }, turn }) =>
      send({
        token,
        query: `mutation ($id: ID!, $v: Float!) { metricTrack(input: { projectId: $id, metric: "soak", value: $v }) { ${errors} } }`,
        variables: { id: projectId, v: turn },
      }),
  ],
  [4, ({ send }) => send({ query: '{ viewer { id } }' })],
  [
    4,
    ({ send, person: { token } }) =>
      send({ query: `{ viewer { ${'projects { nodes { owner { '.repeat(6)} id ${'} } } '.repeat(6)} } }`, token }),
  ],
  [4, ({ send, turn }) => send({ query: `{ nothing${turn} }` })],
  [3, ({ send }) => send({ query: '{ __schema { queryType { name } } }', token: 'a.bad.token' })],
  // Rarely: the token of each sign-in is remembered until it expires, which is longer than a soak.
  [0.1, async ({ send, person }) => signIn(send, person).then(() => undefined)],
  [
    6,
    async ({ socket }) => {
      for await (const result of socket.iterate({ query: '{ viewer { id username } }' }))
        if (result.errors) throw new Error(JSON.stringify(result.errors));
      return undefined;
    },
  ],
  [6, ({ send, person: { token } }) => send({ query: '{ viewer { id } }', token, accept: 'text/event-stream' })],
];

const shares = deeds.reduce((sum, [share]) => sum + share, 0);

function pick(): Deed {
  let place = Math.random() * shares;
  for (const [share, deed] of deeds) if ((place -= share) < 0) return deed;
  return deeds[0]![1];
}

const expectedCodes = new Set(['UNAUTHENTICATED', 'QUERY_TOO_COMPLEX', 'GRAPHQL_VALIDATION_FAILED', 'THROTTLED']);

function faultOf(answer: Answer | undefined): string | null {
  if (!answer) return null;
  const codes = answer.body.errors?.map(({ extensions }) => extensions.code) ?? [];
  const isExpected = (answer.status < 500 || answer.status === 503) && codes.every((code) => expectedCodes.has(code));
  return isExpected ? null : `${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`;
}

/** Starts the load. */
export async function startLoad(url: string): Promise<Load> {
  const { send, close } = createSender(url);
  const joined = [];
  for (let number = 0; number < people; number += 1) joined.push(await join(send, number));
  let [answered, stopped] = [0, false];
  let gate: { open: Promise<void>; release: () => void } = { open: Promise.resolve(), release: () => undefined };
  let underWay = 0;
  const faults: string[] = [];

  async function live(person: Person): Promise<void> {
    const socket = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      // One socket for each question, and none between: sockets must not pile up.
      lazy: true,
      lazyCloseTimeout: 0,
      connectionParams: () => ({ authorization: `Bearer ${person.token}` }),
    });
    for (let turn = 0; !stopped; turn += 1) {
      await gate.open;
      underWay += 1;
      try {
        if (Date.now() - person.signedInAt > tokenAgeMs) await signIn(send, person);
        const fault = faultOf(await pick()({ send, person, socket, turn }));
        if (fault !== null) faults.push(fault);
        answered += 1;
      } catch (error) {
        faults.push(String(error));
      } finally {
        underWay -= 1;
      }
    }
    await socket.dispose();
  }

  const lives = joined.map(live);
  return {
    answered: () => answered,
    faults,
    async pause() {
      let release = (): void => undefined;
      const open = new Promise<void>((resolve) => {
        release = resolve;
      });
      gate = { open, release };
      while (underWay > 0) await new Promise((done) => setTimeout(done, 10));
    },
    resume: () => gate.release(),
    async stop() {
      stopped = true;
      gate.release();
      await Promise.all(lives);
      await close();
    },
  };
}
