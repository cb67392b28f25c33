// Parses Mermaid diagrams: a JSON list of texts comes in on stdin, a JSON list of null or error messages goes out.
// A process of its own, because mermaid wants a document before it is imported, and jest's module loader cannot give it one.
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><body></body>');
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import('mermaid');
mermaid.initialize({ startOnLoad: false });

// Else a character whose bytes lie in two chunks would be broken.
process.stdin.setEncoding('utf8');
let input = '';
for await (const chunk of process.stdin) input += chunk;
const results = [];
for (const text of JSON.parse(input)) {
  try {
    const diagram = await mermaid.mermaidAPI.getDiagramFromText(text);
    const entities = [...diagram.db.getEntities().values()].map((entity) => ({
      label: entity.alias || entity.label,
      attributes: entity.attributes.map(({ name, comment }) => (comment ? `${name} ${comment}` : name)),
    }));
    results.push({ entities, relationships: diagram.db.getRelationships().length });
  } catch (error) {
    results.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(results));
