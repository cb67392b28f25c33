/** Small readers of the parser's tree. */
import type { Node, RangeVar } from 'libpg-query';
import type { QualifiedName } from '../specs.ts';
import type { Parsed } from './parse.ts';

/** Returns the texts of a list of String nodes, such as column names. */
export function strings(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? (node.String.sval ?? '') : []));
}

/** Returns the texts of a dotted name that is a List node. */
export function dotted(node: Node | undefined): string[] {
  if (node && 'List' in node) return strings(node.List.items);
  return node && 'TypeName' in node ? strings(node.TypeName.names) : [];
}

/** Returns the name of a table with its schema. */
export function qualified({ offsetOf }: Parsed, range: RangeVar | undefined): QualifiedName {
  return { schema: range?.schemaname ?? null, name: range?.relname ?? '', offset: offsetOf(range?.location) };
}
