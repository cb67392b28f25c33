/** SVG pictures: self-contained, for light and dark backgrounds. */
import type { ArchitectureNode, Position } from '../model.ts';
import { detailOf, isAsyncType, kindOf, nodeKinds, technologyNames, titleOf, type NodeKind } from '../nodeTypes.ts';
import type { Diagram } from './index.ts';
import { edgeLabelSize, nodeSize, placeNodes, type Layout } from './layout.ts';
import { palette } from './palette.ts';
import { round, routeEdges, type Route } from './svgEdges.ts';
import { icons } from './svgIcons.ts';
import { escapeXml, widthOf, wrap } from './svgText.ts';

const margin = 40;
const titleHeight = 44;

/** Returns the architecture as an SVG document. Nodes closer than their boxes are moved apart. */
export function writeSvg({ name, description, body }: Diagram): string {
  const layout = spreadOut(placeNodes(body));
  const { positions } = layout;
  const routes = routeEdges(body.edges, layout);
  const { x, y, width, height } = frame(layout, routes);
  const title = wrap(name, { width: Math.max(width - 2 * margin, 120), size: 18, lines: 1 })[0] ?? '';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${x} ${y} ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(name)}">`,
    `<title>${escapeXml(name)}</title>`,
    ...(description ? [`<desc>${escapeXml(description)}</desc>`] : []),
    `<style>${styles(new Set(body.nodes.map(kindOf)))}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="arrow" d="M0 0.5L10 5L0 9.5Z"/></marker></defs>',
    `<rect class="page" x="${x}" y="${y}" width="${width}" height="${height}"/>`,
    `<text class="title" x="${x + margin}" y="${y + margin + 4}">${escapeXml(title)}</text>`,
    ...routes.map(lineOf),
    ...body.nodes.map((node) => boxOf(node, positions.get(node.id) ?? { x: 0, y: 0 })),
    // On top of everything, since a label that a box hides says nothing.
    ...routes.map(labelOf),
    '</svg>',
    '',
  ].join('\n');
}

/** Least distance of boxes that somebody placed closer than they are wide here. */
const clearance = { x: nodeSize.width + 56, y: nodeSize.height + 48 } as const;
const largestStretch = 3;

/** Stretches the picture until no two boxes overlap, three times at most: who placed nodes on top of each other wants to see that. */
function spreadOut({ positions, bends }: Layout): Layout {
  const sorted = [...positions.values()].toSorted((a, b) => a.x - b.x);
  let stretch = 1;
  sorted.forEach((a, i) => {
    for (let j = i + 1; j < sorted.length; j += 1) {
      const b = sorted[j] as Position;
      const dx = b.x - a.x;
      if (dx >= clearance.x) break;
      const needed = Math.min(clearance.x / dx, clearance.y / Math.abs(b.y - a.y));
      if (needed <= largestStretch) stretch = Math.max(stretch, needed);
    }
  });
  const move = ({ x, y }: Position): Position => ({ x: round(x * stretch), y: round(y * stretch) });
  return {
    positions: new Map([...positions].map(([id, position]) => [id, move(position)])),
    bends: new Map([...bends].map(([edge, points]) => [edge, points.map(move)])),
  };
}

interface Frame extends Position {
  readonly width: number;
  readonly height: number;
}

/** Returns the rectangle around all boxes and labels, with margins and room for the title. */
function frame({ positions, bends }: Layout, routes: readonly Route[]): Frame {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  const include = (left: number, top: number, right: number, bottom: number): void => {
    bounds.left = Math.min(bounds.left, left);
    bounds.top = Math.min(bounds.top, top);
    bounds.right = Math.max(bounds.right, right);
    bounds.bottom = Math.max(bounds.bottom, bottom);
  };
  for (const { x, y } of positions.values()) include(x, y, x + nodeSize.width, y + nodeSize.height);
  for (const { x, y } of [...bends.values()].flat()) include(x, y, x, y);
  for (const { edge, middle } of routes) {
    const half = widthOf(edgeLabel(edge.label), edgeLabelSize) / 2;
    include(middle.x - half, middle.y - edgeLabelSize, middle.x + half, middle.y + edgeLabelSize);
  }
  if (positions.size === 0) include(0, 0, nodeSize.width, nodeSize.height);
  const left = Math.floor(bounds.left - margin);
  const top = Math.floor(bounds.top - margin - titleHeight);
  return { x: left, y: top, width: Math.ceil(bounds.right + margin - left), height: Math.ceil(bounds.bottom + margin - top) };
}

function lineOf({ edge, path }: Route): string {
  return `<path class="edge${isAsyncType(edge) ? ' async' : ''}" d="${path}" marker-end="url(#arrow)"/>`;
}

function edgeLabel(label: string | undefined): string {
  return wrap(label ?? '', { width: 160, size: edgeLabelSize, lines: 1 })[0] ?? '';
}

function labelOf({ edge, middle }: Route): string {
  const label = edgeLabel(edge.label);
  if (!label) return '';
  return `<text class="edge-label" x="${round(middle.x)}" y="${round(middle.y + 4)}">${escapeXml(label)}</text>`;
}

function boxOf(node: ArchitectureNode, { x, y }: Position): string {
  const kind = kindOf(node);
  const lines = wrap(titleOf(node), { width: nodeSize.width - 72, size: 14, lines: 2 });
  const detail = wrap(detailOf(node, technologyNames) || node.type, { width: nodeSize.width - 72, size: 11, lines: 1 });
  const first = nodeSize.height / 2 - lines.length * 9 + 6;
  const texts = [
    ...lines.map((line, i) => `<text class="label" x="58" y="${first + i * 18}">${escapeXml(line)}</text>`),
    ...detail.map((line) => `<text class="detail" x="58" y="${first + lines.length * 18 - 2}">${escapeXml(line)}</text>`),
  ];
  return [
    `<g class="${kind}" transform="translate(${x} ${y})">`,
    `<title>${escapeXml(titleOf(node))}</title>`,
    `<rect class="box" width="${nodeSize.width}" height="${nodeSize.height}" rx="10"/>`,
    `<rect class="badge" x="12" y="${nodeSize.height / 2 - 18}" width="36" height="36" rx="8"/>`,
    `<path class="icon" transform="translate(19 ${nodeSize.height / 2 - 11}) scale(0.917)" d="${icons[kind]}"/>`,
    ...texts,
    '</g>',
  ].join('');
}

/** Colors without CSS variables, which converters such as librsvg do not know. */
function styles(kinds: ReadonlySet<NodeKind>): string {
  const used = nodeKinds.filter((kind) => kinds.has(kind));
  const light = used.map((kind) => `.${kind} .icon{stroke:${palette[kind].accent}}.${kind} .badge{fill:${palette[kind].tint}}`);
  const dark = used.map(
    (kind) => `.${kind} .icon{stroke:${palette[kind].bright}}.${kind} .badge{fill:${palette[kind].bright};fill-opacity:.16}`,
  );
  return [
    'text{font-family:Inter,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif}',
    '.page{fill:#f8fafc}.title{font-size:18px;font-weight:600;fill:#0f172a}',
    '.box{fill:#fff;stroke:#cbd5e1}.external .box{stroke-dasharray:5 4}.icon{fill:none;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}',
    '.label{font-size:14px;font-weight:600;fill:#0f172a}.detail{font-size:11px;fill:#475569}',
    '.edge{fill:none;stroke:#94a3b8;stroke-width:1.6}.async{stroke-dasharray:6 5}.arrow{fill:#94a3b8}',
    `.edge-label{font-size:${edgeLabelSize}px;fill:#334155;text-anchor:middle;paint-order:stroke;stroke:#f8fafc;stroke-width:5px;stroke-linejoin:round}`,
    ...light,
    '@media (prefers-color-scheme:dark){',
    '.page{fill:#0b1120}.title,.label{fill:#f1f5f9}.detail{fill:#94a3b8}.box{fill:#1e293b;stroke:#334155}',
    '.edge{stroke:#64748b}.arrow{fill:#64748b}.edge-label{fill:#cbd5e1;stroke:#0b1120}',
    ...dark,
    '}',
  ].join('');
}
