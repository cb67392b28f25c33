/** What somebody sees first after signing in. */
import { findViewer, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { readOwnerCounts, type CounterName } from '../../data/counters.ts';
import { findUser } from '../users/users.service.ts';
import type { UserRecord } from '../users/user.ts';

/** The home of a viewer; its fields are read when they are selected. */
export interface HomeModel {
  viewer: { id: string };
}

/** A first step, as the SDL's GettingStartedStep. */
export interface GettingStartedStep {
  key: string;
  title: string;
  done: boolean;
}

/** What a step is done by. */
interface Progress {
  user: UserRecord | null;
  counts: Record<CounterName, number>;
}

const has =
  (name: CounterName) =>
  ({ counts }: Progress) =>
    (counts[name] ?? 0) > 0;

const steps: readonly { key: string; title: string; isDone: (progress: Progress) => boolean }[] = [
  { key: 'complete-profile', title: 'Tell us who you are', isDone: ({ user }) => Boolean(user?.profile?.name) },
  { key: 'create-project', title: 'Create your first project', isDone: has('projects') },
  { key: 'add-schema', title: 'Design or import a database schema', isDone: has('schemas') },
  { key: 'add-architecture', title: 'Draw the architecture', isDone: has('architectures') },
  { key: 'record-deployment', title: 'Record a deployment from your pipeline', isDone: has('deployments') },
  { key: 'invite-member', title: 'Invite somebody to a project', isDone: has('members') },
];

/** Returns the home of the viewer, or null for anonymous callers. */
export function findHome(context: Context): HomeModel | null {
  if (!findViewer(context)) return null;
  const viewer = requireViewer(context, 'account.read');
  return { viewer: { id: viewer.id } };
}

/** Returns the first steps in order, and which of them the viewer has done. */
export async function gettingStarted(context: Context, { viewer }: HomeModel): Promise<GettingStartedStep[]> {
  const [user, counts] = await Promise.all([findUser(context, viewer.id), readOwnerCounts(context.connection, viewer.id)]);
  return steps.map(({ key, title, isDone }) => ({ key, title, done: isDone({ user, counts }) }));
}
