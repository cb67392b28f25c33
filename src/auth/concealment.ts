/**
 * Answers that must look the same whether an object is missing or somebody else's, whether an e-mail address has an
 * account or not. What such an answer cost would tell the two apart, so its request is marked here, and shows no cost.
 */
import type { RequestInfo } from '../context.ts';

const marked = new WeakSet<RequestInfo>();

/** Marks a request: the number or size of its reads depends on what its sender may not know. */
export function concealCost({ request }: { request: RequestInfo }): void {
  marked.add(request);
}

/** Returns whether a request was marked. */
export function isCostConcealed({ request }: { request: RequestInfo }): boolean {
  return marked.has(request);
}
