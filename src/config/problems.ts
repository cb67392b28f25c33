/** What is wrong with variables that are right one by one. */
import { encryptionKeyExpected } from './values.ts';

const placeholder = /secret|change|password|passphrase|example|default|snapinfra|qwerty|abcdef|1234567/i;

/** True for a secret that an attacker would try: a word that random bytes practically never spell, or few different characters. */
function isGuessable(secret: string): boolean {
  return placeholder.test(secret) || new Set(secret).size < 10;
}

/** Returns what is wrong with variables together: those that need each other, and what production may not go without. */
export function combinationProblems(env: Readonly<Record<string, string | undefined>>): string[] {
  const problems: string[] = [];
  const add = (wrong: boolean, problem: string) => wrong && problems.push(problem);
  add(
    !env.OIDC_ISSUER !== !env.OIDC_AUDIENCE,
    `${env.OIDC_ISSUER ? 'OIDC_AUDIENCE' : 'OIDC_ISSUER'} must be set too: OIDC_ISSUER and OIDC_AUDIENCE go together`,
  );
  add(
    !env.AI_BASE_URL !== !env.AI_MODEL,
    `${env.AI_BASE_URL ? 'AI_MODEL' : 'AI_BASE_URL'} must be set too: AI_BASE_URL and AI_MODEL go together`,
  );
  const port = env.PORT ?? '5000';
  add(env.METRICS_PORT === port && port !== '0', 'METRICS_PORT must be another port than PORT, or not set');
  if (env.NODE_ENV !== 'production') return problems;
  add(!env.JWT_SECRET, 'JWT_SECRET must be set in production: at least 32 random bytes, such as the output of openssl rand -base64 48');
  add(isGuessable(env.JWT_SECRET ?? ''), 'JWT_SECRET is guessable: use random bytes, such as the output of openssl rand -base64 48');
  add(!env.ENCRYPTION_KEY, `ENCRYPTION_KEY must be set in production: ${encryptionKeyExpected.replace('must be ', '')}`);
  add(
    !env.AWS_REGION && !env.DYNAMODB_ENDPOINT && !env.SNAPINFRA_EMBEDDED,
    'AWS_REGION (or DYNAMODB_ENDPOINT) must be set in production: the embedded database is for development (SNAPINFRA_EMBEDDED=allow overrides)',
  );
  return problems;
}

/** Returns the first problem of each variable; a problem begins with the name of its variable. */
export function firstOfEach(problems: readonly string[]): string[] {
  const byVariable = new Map<string, string>();
  for (const problem of problems) {
    const variable = problem.slice(0, problem.indexOf(' '));
    if (!byVariable.has(variable)) byVariable.set(variable, problem);
  }
  return [...byVariable.values()];
}
