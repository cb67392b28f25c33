/** GitHub, and GitHub Enterprise Server through `baseUrl`. Source: GitHub REST API, version 2022-11-28. */
import {
  failureOf,
  flagOf,
  jsonOf,
  numberOf,
  objectOf,
  ProviderFailed,
  textOf,
  type Answer,
  type Meanings,
  type Provider,
  type ProviderCall,
} from './provider.ts';

const name = 'GitHub';

const meanings: Meanings = {
  401: [
    'CREDENTIALS_REFUSED',
    'GitHub refused the token. Make a new one with the scope repo (classic token), or with read access to metadata and contents (fine-grained token), and update the integration.',
  ],
  403: [
    'PERMISSION_MISSING',
    'The token may not do this. Give it the scope repo, or read access to metadata and contents; in an organization with single sign-on, authorize it there.',
  ],
  404: ['NOT_FOUND', 'GitHub shows no such repository to this token. Check owner and repository, and that the token has access to them.'],
};

async function get({ config, send }: ProviderCall, path: string): Promise<{ body: Answer; scopes: string | null }> {
  const answer = await send({
    endpoint: 'github',
    userBase: config['baseUrl'],
    path,
    headers: {
      authorization: `Bearer ${config['token'] ?? ''}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    },
  });
  // GitHub answers 403 also when the hourly limit is used up.
  if (answer.status === 403 && answer.headers['x-ratelimit-remaining'] === '0') throw failureOf(name, 429);
  return { body: objectOf(jsonOf(name, answer, meanings)), scopes: answer.headers['x-oauth-scopes'] ?? null };
}

/** Returns the path of the configured repository; rows of the earlier backend may have none. */
function repositoryPath({ owner, repository }: ProviderCall['config']): string | null {
  return owner && repository ? `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repository)}` : null;
}

/** The integration for GitHub: `test` reads the repository, `sync` also the head of its default branch. */
export const github: Provider = {
  async test(call) {
    const path = repositoryPath(call.config);
    const { body, scopes } = await get(call, path ?? '/user');
    const details = path ? repositoryDetails(body) : { login: textOf(body['login']) };
    const seen = path ? `read ${textOf(body['full_name']) ?? 'the repository'}` : `act for ${textOf(body['login']) ?? 'its user'}`;
    return { message: `GitHub accepted the token; it can ${seen}.`, details: { ...details, scopes: textOf(scopes) } };
  },

  async sync(call) {
    const path = repositoryPath(call.config);
    if (!path) return { login: textOf((await get(call, '/user')).body['login']) };
    const { body } = await get(call, path);
    const branch = textOf(body['default_branch']);
    const head = branch === null ? null : await headOf(call, `${path}/branches/${encodeURIComponent(branch)}`);
    return {
      ...repositoryDetails(body),
      description: textOf(body['description']),
      url: textOf(body['html_url']),
      archived: flagOf(body['archived']),
      openIssues: numberOf(body['open_issues_count']),
      pushedAt: textOf(body['pushed_at']),
      defaultBranchHead: head,
    };
  },
};

function repositoryDetails(body: Answer): Record<string, unknown> {
  return {
    fullName: textOf(body['full_name']),
    private: flagOf(body['private']),
    defaultBranch: textOf(body['default_branch']),
    canPush: flagOf(objectOf(body['permissions'])['push']),
  };
}

/** Returns the commit that a branch is at; null in an empty repository, which has a default branch by name only. */
async function headOf(call: ProviderCall, path: string): Promise<string | null> {
  try {
    return textOf(objectOf((await get(call, path)).body['commit'])['sha']);
  } catch (error) {
    if (error instanceof ProviderFailed && error.problem === 'NOT_FOUND') return null;
    throw error;
  }
}
