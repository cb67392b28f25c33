/** Colors of the kinds of nodes, shared by all pictures. */
import type { NodeKind } from '../nodeTypes.ts';

/** `accent` for lines and icons on white (at least 4.5:1 there), `bright` for those on dark, `tint` for light surfaces. */
export interface KindColors {
  readonly accent: string;
  readonly bright: string;
  readonly tint: string;
}

export const palette: Readonly<Record<NodeKind, KindColors>> = {
  person: { accent: '#be185d', bright: '#f472b6', tint: '#fce7f3' },
  client: { accent: '#7c3aed', bright: '#a78bfa', tint: '#ede9fe' },
  gateway: { accent: '#0e7490', bright: '#22d3ee', tint: '#cffafe' },
  service: { accent: '#1d4ed8', bright: '#60a5fa', tint: '#dbeafe' },
  database: { accent: '#047857', bright: '#34d399', tint: '#d1fae5' },
  cache: { accent: '#b91c1c', bright: '#f87171', tint: '#fee2e2' },
  queue: { accent: '#b45309', bright: '#fbbf24', tint: '#fef3c7' },
  storage: { accent: '#4d7c0f', bright: '#a3e635', tint: '#ecfccb' },
  external: { accent: '#475569', bright: '#94a3b8', tint: '#f1f5f9' },
  monitoring: { accent: '#a21caf', bright: '#e879f9', tint: '#fae8ff' },
  other: { accent: '#525252', bright: '#a3a3a3', tint: '#f5f5f5' },
};
