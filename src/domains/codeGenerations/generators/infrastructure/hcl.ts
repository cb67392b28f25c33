/** Pieces of HCL. */
import type { Part } from './parts.ts';

/** Returns a string of HCL; templates in it stay text. */
export function hclString(text: string): string {
  const escaped = JSON.stringify(text).replace(/\\([bf])/gu, (_, letter: string) => (letter === 'b' ? '\\u0008' : '\\u000c'));
  return escaped.replace(/[$%](?=\{)/gu, (sign) => sign + sign);
}

/** Tags of a part's resources, with what people call it. */
export const tags = (part: Part): string => `  tags = { Name = "\${var.name}-${part.name}", Title = ${hclString(part.title)} }\n`;

/** The security group of a part. */
export const securityGroup = (part: Part): string =>
  `resource "aws_security_group" "${part.id}" {\n  name_prefix = "\${var.name}-${part.name}-"\n  vpc_id      = aws_vpc.main.id\n${tags(part)}}\n`;

/** A line `name = value` whose value ends on it. */
const attribute = /^( *)([\w-]+) *= (.*[^[{(])$/u;

/** Puts the equals signs of neighbouring lines under each other, as `terraform fmt` does. */
export function alignAttributes(text: string): string {
  const lines = text.split('\n');
  const found = lines.map((line) => attribute.exec(line));
  for (let start = 0; start < lines.length; start += 1) {
    const indent = found[start]?.[1];
    if (indent === undefined) continue;
    let end = start;
    while (found[end]?.[1] === indent) end += 1;
    const width = Math.max(...found.slice(start, end).map((parts) => parts?.[2]?.length ?? 0));
    for (let index = start; index < end; index += 1)
      lines[index] = `${indent}${(found[index]?.[2] ?? '').padEnd(width)} = ${found[index]?.[3] ?? ''}`;
    start = end - 1;
  }
  return lines.join('\n');
}
