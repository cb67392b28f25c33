/**
 * Redaction: build tools print credentials, and everyone who may read a project may read its logs. Secrets are replaced
 * before an entry is stored, so they are nowhere afterwards. The patterns know the common shapes, not every secret.
 */

/** What stands in place of a secret. */
export const redacted = '[redacted]';

interface SecretPattern {
  name: string;
  /** Groups `head` and `tail` stay; everything else of a match is the secret. Repetitions are bounded or cannot backtrack far. */
  pattern: RegExp;
}

/** Returns the pattern of `name = value`, `name: "value"` and `\"name\":\"value\"` with a value of at least `min` characters. */
function assignment(names: string, min: number): RegExp {
  const value = String.raw`\\"[^"\\\n]{${min},4096}\\"|"[^"\n]{${min},4096}"|'[^'\n]{${min},4096}'|["']?[^\s,;&"'\\]{${min},4096}`;
  return new RegExp(String.raw`(?<head>(?:${names})\\?["']?[ \t]{0,4}[:=][ \t]{0,4})(?!\\?["']?\[redacted)(?:${value})`, 'gi');
}

/** The shapes of secrets, special ones first. Sources: the providers' documents on their token formats. */
export const secretPatterns: readonly SecretPattern[] = [
  {
    name: 'private key',
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  },
  { name: 'AWS access key id', pattern: /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])/g },
  { name: 'GitHub token', pattern: /(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g },
  { name: 'GitLab token', pattern: /(?<![A-Za-z0-9_])glpat-[A-Za-z0-9_-]{20,64}/g },
  { name: 'Slack token', pattern: /(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,255}/g },
  { name: 'Stripe key', pattern: /(?<![A-Za-z0-9_])(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,255}/g },
  { name: 'npm token', pattern: /(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/g },
  { name: 'Google API key', pattern: /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g },
  { name: 'SendGrid key', pattern: /(?<![A-Za-z0-9_.-])SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}/g },
  { name: 'Snapinfra API key', pattern: /(?<![A-Za-z0-9_])snp_[a-z0-9]{26}_[A-Za-z0-9_-]{20,100}/g },
  { name: 'JSON Web Token', pattern: /(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{2,4096}\.[A-Za-z0-9_-]{0,4096}/g },
  {
    name: 'bearer token',
    pattern: /(?<head>\bbearer[ \t]{1,4})(?!\[redacted)(?:(?=[^\s\d]{0,64}\d)[\w.~+/=-]{8,4096}|[\w.~+/=-]{16,4096})/gi,
  },
  {
    name: 'authorization header',
    pattern: /(?<head>\bauthorization["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?:basic|token|digest)[ \t]{1,4})(?!\[redacted)[^\s"',;]{4,4096}/gi,
  },
  { name: 'password in a URL', pattern: /(?<head>\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]{0,128}:)(?!\[redacted)[^\s@/]{1,256}(?<tail>@)/gi },
  { name: 'password', pattern: assignment('password|passwd|passphrase|pwd', 1) },
  // Compilers speak of "unexpected token: }", so a shorter value is no secret here.
  {
    name: 'secret',
    pattern: assignment('secret|token|api[_-]?key|access[_-]?key|(?:secret|private|account|encryption|signing)[_-]?key(?:[_-]?base)?', 8),
  },
];

/** Returns the text without secrets, and how many were replaced. */
export function redact(text: string): { text: string; count: number } {
  let count = 0;
  const clean = secretPatterns.reduce((current, { pattern }) => current.replace(pattern, replaceOne), text);
  return { text: clean, count };

  function replaceOne(_match: string, ...rest: unknown[]): string {
    count += 1;
    const groups = rest.at(-1);
    const { head = '', tail = '' } = (typeof groups === 'object' && groups !== null ? groups : {}) as { head?: string; tail?: string };
    return `${head}${redacted}${tail}`;
  }
}

const keyBegins = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----/g;
const keyEnds = /-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----/;

/**
 * Redacts consecutive log messages. A private key that a tool printed line by line is one secret over several messages:
 * from its first line to its last, or to the end of the messages, everything goes.
 */
export function redactLines(messages: readonly string[]): { messages: string[]; count: number } {
  let inKey = false;
  let count = 0;
  const clean = messages.map((message) => {
    const end = inKey ? keyEnds.exec(message) : null;
    if (inKey && !end) return redacted;
    const rest = end ? message.slice(end.index + end[0].length) : message;
    const result = redact(rest);
    count += result.count;
    inKey = endsInKey(rest);
    return end ? `${redacted}${result.text}` : result.text;
  });
  return { messages: clean, count };
}

function endsInKey(text: string): boolean {
  const begin = [...text.matchAll(keyBegins)].at(-1);
  return begin !== undefined && !keyEnds.test(text.slice(begin.index));
}
