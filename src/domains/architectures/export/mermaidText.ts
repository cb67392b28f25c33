/** Text inside Mermaid's diagrams. */

/**
 * Characters that mean something to Mermaid inside a quoted label: its own grammar and entities, directives (`%%{`),
 * HTML, Markdown and KaTeX, all of which it looks for in labels too.
 */
const special = /["#&<>`%{}[\];\\|$*~]/gu;

const entity = (character: string): string => `#${character.codePointAt(0) ?? 0};`;

/** Returns a text for use between double quotes; characters that mean something become entities (`#quot;` is `#34;`). */
export function quotable(text: string, lineBreak: string): string {
  return (
    text
      .trim()
      .toWellFormed()
      .replace(special, entity)
      // `fa:fa-car` turns into an icon, a leading list mark into a Markdown list, which labels can not show.
      .replace(/:fa-/gu, '#58;fa-')
      .replace(/^([ \t]*)([-+]|\d+[.)])(?=\s)/gmu, (_, indent: string, mark: string) => indent + mark.slice(0, -1) + entity(mark.slice(-1)))
      // Underscores around words are Markdown's emphasis; inside words they are not.
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, entity)
      .replace(/\s*[\r\n\u2028\u2029]+\s*/gu, lineBreak)
      // Control characters that only rows of the earlier backend may have.
      .replace(/\p{Cc}/gu, ' ')
  );
}

/** Returns front matter that gives a diagram its title: YAML with one string in JSON's notation, which YAML understands. */
export function titled(title: string): string {
  const text = JSON.stringify(title.toWellFormed()).replace(
    /[<>%]/gu,
    (character) => `\\u00${(character.codePointAt(0) ?? 0).toString(16)}`,
  );
  return `---\ntitle: ${text}\n---\n`;
}
