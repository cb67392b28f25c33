/** What is looked at in the variables of a request before anything is made of them. */
import { badInput } from './errors.ts';
import { operationLimits } from './limits.ts';

/** Keys that turn into something else where objects are copied carelessly. */
export const reservedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Throws BAD_USER_INPUT for variables that are more than a document can use, that are nested too deep or have a key that no
 * object may have. Walks without recursion.
 */
export function checkVariables(variables: unknown): void {
  if (!isObject(variables)) return;
  const count = Object.keys(variables).length;
  if (count > operationLimits.variables)
    throw badInput(
      `The request has ${count} variables; at most ${operationLimits.variables} are allowed. Leave out those that the operation does not use.`,
    );
  let level: object[] = [variables];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > operationLimits.variableDepth) {
      throw badInput(`The variables are nested deeper than ${operationLimits.variableDepth} levels. Flatten them.`);
    }
    const below: object[] = [];
    for (const value of level) {
      for (const key of Array.isArray(value) ? [] : reservedKeys) {
        if (Object.hasOwn(value, key)) throw badInput(`The variables have a key "${key}", which no object may have. Rename it.`);
      }
      for (const entry of Array.isArray(value) ? value : Object.values(value)) if (isObject(entry)) below.push(entry);
    }
    level = below;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
