/** Operations of this server that are not part of a page. */

/** Sends an operation and returns its data. Throws on errors, also on those that a mutation reports in `userErrors`. */
export async function runOperation(
  url: string,
  { query, variables, token }: { query: string; variables: Record<string, unknown>; token?: string | undefined },
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data?: Record<string, unknown> | null; errors?: unknown };
  const problems = Object.values(data ?? {}).flatMap((value) => (value as { userErrors?: unknown[] } | null)?.userErrors ?? []);
  if (errors !== undefined || !data || problems.length > 0)
    throw new Error(`${query.trim().slice(0, 80)}…: ${JSON.stringify(errors ?? problems)}`);
  return data;
}
