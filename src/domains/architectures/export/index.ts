/** Exports of an architecture: Mermaid, C4, React Flow, SVG. Pure functions of the body. */
import { fileStem } from '../../fileName.ts';
import type { ArchitectureBody, ExportWarning } from '../model.ts';
import { writeC4 } from './c4.ts';
import { writeMermaid } from './mermaid.ts';
import { writeReactFlow } from './reactFlow.ts';
import { writeSvg } from './svg.ts';

/** What an architecture can be written as. */
export type ExportFormat = 'mermaid' | 'react-flow' | 'c4' | 'svg';

/** What the writers see: every edge has both ends, every id is unique. */
export interface Diagram {
  readonly name: string;
  readonly description: string | null;
  readonly body: ArchitectureBody;
}

export interface ExportRequest extends Diagram {
  readonly format: ExportFormat;
}

export interface ExportResult {
  readonly text: string;
  /** Safe on every file system, such as `web-shop.mmd`. */
  readonly fileName: string;
  /** What could not be carried over, in the order of the body. */
  readonly warnings: ExportWarning[];
}

const writers: Readonly<Record<ExportFormat, { extension: string; write: (diagram: Diagram) => string }>> = {
  mermaid: { extension: 'mmd', write: writeMermaid },
  'react-flow': { extension: 'react-flow.json', write: writeReactFlow },
  c4: { extension: 'c4.mmd', write: writeC4 },
  svg: { extension: 'svg', write: writeSvg },
};

/**
 * Returns the architecture as text of the given format. Any body is accepted, also of rows that were never validated;
 * the same request always gives the same text.
 */
export function exportArchitecture({ format, ...diagram }: ExportRequest): ExportResult {
  const { body, warnings } = drawable(diagram.body);
  const { extension, write } = writers[format];
  return { text: write({ ...diagram, body }), fileName: `${fileStem(diagram.name, 'architecture')}.${extension}`, warnings };
}

/** Returns the part of a body that can be drawn, and a warning for all else. */
function drawable({ nodes, edges, metadata }: ArchitectureBody): { body: ArchitectureBody; warnings: ExportWarning[] } {
  const warnings: ExportWarning[] = [];
  const ids = new Set<string>();
  const drawn = nodes.filter(({ id, label }) => {
    if (id === '' || ids.has(id)) {
      const message = `The node "${label || id}" is left out: its id is ${id === '' ? 'empty' : `"${id}", as that of another node`}.`;
      warnings.push({ code: 'NODE_DROPPED', construct: 'node', message });
      return false;
    }
    ids.add(id);
    return true;
  });
  const connected = edges.filter(({ id, source, target }) => {
    if (ids.has(source) && ids.has(target)) return true;
    const message = `The edge "${id}" is left out: there is no node "${ids.has(source) ? target : source}".`;
    warnings.push({ code: 'EDGE_DROPPED', construct: 'edge', message });
    return false;
  });
  return { body: { nodes: drawn, edges: connected, metadata }, warnings };
}
