/** The permission table: who may do what. Every service asks it first; nothing else decides about access. */

/** Roles on a project, weakest first, as stored in memberships. */
export const roles = ['viewer', 'developer', 'admin', 'owner'] as const;

/** A role on a project. */
export type Role = (typeof roles)[number];

/** What an API key may be used for; a session may do all. */
export const scopes = ['read', 'write', 'deploy', 'metrics'] as const;

/** One scope of an API key. */
export type Scope = (typeof scopes)[number];

interface Rule {
  /** Weakest role that may. */
  readonly role: Role;
  /** Scope that an API key needs. */
  readonly scope: Scope;
}

/** Actions on a project and everything in it. */
export const projectPermissions = {
  'project.read': { role: 'viewer', scope: 'read' },
  'project.update': { role: 'admin', scope: 'write' },
  'project.archive': { role: 'admin', scope: 'write' },
  'project.delete': { role: 'owner', scope: 'write' },
  'project.transfer': { role: 'owner', scope: 'write' },
  'schema.write': { role: 'developer', scope: 'write' },
  'architecture.write': { role: 'developer', scope: 'write' },
  'documentation.write': { role: 'developer', scope: 'write' },
  'codeGeneration.write': { role: 'developer', scope: 'write' },
  'deployment.write': { role: 'developer', scope: 'deploy' },
  'metric.write': { role: 'developer', scope: 'metrics' },
  'activity.write': { role: 'developer', scope: 'write' },
  'member.write': { role: 'admin', scope: 'write' },
  'invitation.read': { role: 'admin', scope: 'read' },
  'integration.read': { role: 'admin', scope: 'read' },
  'integration.write': { role: 'admin', scope: 'write' },
  // Reading is not enough for a key: each question costs the operator money.
  'ai.chat': { role: 'viewer', scope: 'write' },
  'ai.generate': { role: 'developer', scope: 'write' },
} as const satisfies Record<string, Rule>;

/** An action on a project. */
export type ProjectAction = keyof typeof projectPermissions;

/** Actions of a user on what is their own, by the scope that an API key needs; `session` means that no API key may. */
export const accountPermissions = {
  'account.read': 'read',
  'cost.read': 'read',
  'account.update': 'session',
  'credentials.write': 'session',
  'project.create': 'write',
  'settings.write': 'write',
  'activity.write': 'write',
  'metric.send': 'metrics',
  'invitation.answer': 'session',
  'membership.leave': 'session',
  'ai.use': 'write',
} as const satisfies Record<string, Scope | 'session'>;

/** An action of a user on their own account. */
export type AccountAction = keyof typeof accountPermissions;

/** Returns whether a role on a project suffices for an action. */
export function roleAllows(role: Role | null, action: ProjectAction): boolean {
  return role !== null && roles.indexOf(role) >= roles.indexOf(projectPermissions[action].role);
}

/** Scopes that a scope brings with it: who writes or reports deployments also reads; a key for metrics only sends them. */
const impliedScopes: Readonly<Record<Scope, readonly Scope[]>> = {
  read: ['read'],
  write: ['read', 'write', 'deploy', 'metrics'],
  deploy: ['read', 'deploy'],
  metrics: ['metrics'],
};

/** Returns whether credentials with these scopes suffice; `null` is a session, which may do all. */
export function scopesAllow(granted: readonly Scope[] | null, needed: Scope | 'session'): boolean {
  if (granted === null) return true;
  return needed !== 'session' && granted.some((scope) => impliedScopes[scope].includes(needed));
}
