/** YAML of plain values: block style, every text in double quotes, which YAML reads as JSON does. */

export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [key: string]: YamlValue };

const key = (text: string): string =>
  /^[a-z][a-z0-9_-]*$/iu.test(text) && !/^(?:y|n|yes|no|on|off|true|false|null)$/iu.test(text) ? text : JSON.stringify(text);

function lines(value: YamlValue, indent: string): string {
  if (Array.isArray(value)) return (value as readonly YamlValue[]).map((item) => `${indent}- ${inline(item)}\n`).join('');
  return Object.entries(value as Readonly<Record<string, YamlValue>>)
    .map(([name, member]) => {
      if (typeof member !== 'object') return `${indent}${key(name)}: ${inline(member)}\n`;
      const isEmpty = Object.keys(member).length === 0;
      return isEmpty ? `${indent}${key(name)}: ${inline(member)}\n` : `${indent}${key(name)}:\n${lines(member, `${indent}  `)}`;
    })
    .join('');
}

const inline = (value: YamlValue): string => JSON.stringify(value);

/** Returns the members of an object as a YAML document. */
export const yamlText = (value: { readonly [key: string]: YamlValue }): string => lines(value, '');
