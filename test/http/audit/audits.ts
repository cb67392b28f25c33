/** The audits of graphql-http: whether the server does what the specification "GraphQL over HTTP" says, rule by rule. */
import { serverAudits, type Audit, type AuditResult } from 'graphql-http';

/** How many audits version 1.23.1 of graphql-http has; a list that shrinks would be passed too easily. */
export const auditCount = 61;

const statusOfMistakes =
  'a request that could not be run answers 400 here, which the specification allows; 200 would tell proxies and logs that all is well';
const crossSite =
  'a GET without a header that browsers preflight is refused, so that other sites cannot make a visitor’s browser send queries';

/** Audits that may be other than ok, none of them a MUST, and why. */
export const allowedDeviations: Readonly<Record<string, string>> = {
  '572B': statusOfMistakes,
  FDE2: statusOfMistakes,
  '7B9B': statusOfMistakes,
  '5A70': crossSite,
  D6D5: crossSite,
  '6A70': crossSite,
};

/** Returns all audits; `url` is asked for when one runs. */
export function createAudits(url: () => string): Audit[] {
  return serverAudits({ url });
}

/** Runs an audit and lets go of the connection. An audit that cannot be carried out counts as an error. */
export async function runAudit(audit: Audit): Promise<AuditResult> {
  try {
    const result = await audit.fn();
    if (result.status !== 'ok' && !result.response.bodyUsed) await result.response.body?.cancel();
    return result;
  } catch (error) {
    const { id, name } = audit;
    return { id, name, status: 'error', reason: `could not be carried out: ${String(error)}`, response: Response.error() };
  }
}

/** Returns what is not acceptable about a result, as a sentence, or null. */
export function auditProblem(result: AuditResult): string | null {
  if (result.status === 'ok') return null;
  const finding = `${result.id} ${result.name}: ${result.status}, ${result.reason}`;
  if (result.status === 'error') return finding;
  return result.id in allowedDeviations ? null : `${finding} (not among the deviations that are allowed)`;
}

const marks = { ok: '✓', notice: '·', warn: '!', error: '✗' };

/** Returns the results as text: the audits by rule, then what was not ok and why that is acceptable, then the counts. */
export function auditReport(results: readonly AuditResult[]): string {
  const lines = results.map((result) => `  ${marks[result.status]} ${result.id}  ${result.name}`);
  const others = results.flatMap((result) => {
    if (result.status === 'ok') return [];
    const verdict = auditProblem(result) === null ? `allowed: ${allowedDeviations[result.id] ?? ''}` : 'NOT ALLOWED';
    return [`  ${result.id}  ${result.status}: ${result.reason}\n        ${verdict}`];
  });
  const count = (status: AuditResult['status']): number => results.filter((result) => result.status === status).length;
  const counts = `${results.length} audits: ${count('ok')} ok, ${count('notice')} notices, ${count('warn')} warnings, ${count('error')} errors`;
  return [...lines, '', ...(others.length > 0 ? ['Not ok:', ...others, ''] : []), counts].join('\n');
}
