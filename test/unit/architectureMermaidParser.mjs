// Parses Mermaid flowcharts and C4 diagrams: a JSON list of texts comes in on stdin, a JSON list of what mermaid read goes out.
// A process of its own, because mermaid wants a document before it is imported, and jest's module loader cannot give it one.
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><body></body>');
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import('mermaid');
mermaid.initialize({ startOnLoad: false });

/** Mermaid keeps entities in a notation of its own until it draws. */
const decode = (text) => text.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)));

function read({ type, db }) {
  if (type === 'c4') {
    const textOf = ({ text }) => decode(text ?? '');
    const nodes = db
      .getC4ShapeArray()
      .map(({ label, typeC4Shape, techn }) => ({ label: textOf(label), shape: typeC4Shape.text, technology: techn ? textOf(techn) : '' }));
    return { nodes, edges: db.getRels().map(({ from, to, label }) => ({ from, to, label: textOf(label) })) };
  }
  const nodes = [...db.getVertices().values()].map(({ text, type: shape, classes }) => ({ label: decode(text), shape, classes }));
  return {
    nodes,
    edges: db.getEdges().map(({ start, end, text, stroke }) => ({ from: start, to: end, label: decode(text), stroke })),
    title: db.getDiagramTitle(),
  };
}

// Else a character whose bytes lie in two chunks would be broken.
process.stdin.setEncoding('utf8');
let input = '';
for await (const chunk of process.stdin) input += chunk;
const results = [];
for (const text of JSON.parse(input)) {
  try {
    results.push(read(await mermaid.mermaidAPI.getDiagramFromText(text)));
  } catch (error) {
    results.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(results));
