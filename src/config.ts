/** The only reader of the environment: validates every variable at once and returns plain settings. */
import { combinationProblems, firstOfEach } from './config/problems.ts';
import type { Config } from './config/settings.ts';
import { toConfig } from './config/toConfig.ts';
import { variables } from './config/variables.ts';

export type { Config } from './config/settings.ts';

/** The environment cannot be used; `message` has one line for each wrong variable and repeats no secret. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Returns the settings that an environment stands for; an empty variable counts as not set.
 * Outside production, secrets that are not given are made once and kept in DATA_DIR.
 * Throws ConfigInvalid, which names every wrong variable.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = variables.safeParse(given);
  const invalid = parsed.error?.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`) ?? [];
  const problems = firstOfEach([...invalid, ...combinationProblems(given)]);
  if (!parsed.success || problems.length > 0) throw new ConfigInvalid(problems);
  try {
    return toConfig(parsed.data);
  } catch (error) {
    throw new ConfigInvalid([`DATA_DIR cannot be used: ${(error as Error).message}`]);
  }
}
