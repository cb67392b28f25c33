/** Names for generated code: made of the words of a table's or field's name, unique within their scope. */
import { Namespace, type NameRules } from './names.ts';

const words = (name: string): string[] =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])([A-Z])/gu, '$1 $2')
    .split(/[^A-Za-z0-9]+/u)
    .filter(Boolean);

const startingWithLetter = (name: string, otherwise: string): string => (/^[A-Za-z]/u.test(name) ? name : `${otherwise}${name}`);

/** `order_items` → `OrderItems`; a name without Latin letters or digits becomes `fallback`. */
export function pascalCase(name: string, fallback: string): string {
  const joined = words(name)
    .map((word) => word.charAt(0).toUpperCase() + (/^[A-Z]+$/u.test(word) ? word.slice(1).toLowerCase() : word.slice(1)))
    .join('');
  return startingWithLetter(joined, fallback);
}

/** The name itself where it is an identifier of letters, digits and underscores, else its words joined by underscores. */
export function identifier(name: string, fallback: string): string {
  if (/^[A-Za-z][A-Za-z0-9_]*$/u.test(name)) return name;
  return startingWithLetter(words(name).join('_'), `${fallback}_`).replace(/_+$/u, '');
}

const rules: NameRules = { fold: (name) => name, clean: (name) => name, target: 'generated code' };

/** A scope in which names must differ; `reserved` names are never given out. */
export const codeScope = (reserved: readonly string[] = []): Namespace => new Namespace(rules, reserved);
