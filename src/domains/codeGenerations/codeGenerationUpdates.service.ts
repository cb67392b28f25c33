/** Following a code generation. */
import type { Context } from '../../context.ts';
import { follow, followedObject } from '../subscription.ts';
import { findCodeGeneration } from './codeGenerations.service.ts';

/** Follows a code generation that the viewer may read: its state now, and after each step of the work. */
export function followCodeGeneration(context: Context, id: string) {
  const find = (now: Context) => findCodeGeneration(now, id);
  return follow(context, 'codeGenerationUpdated', followedObject({ kind: 'codeGeneration', id }, { kind: 'code generation', find }));
}
