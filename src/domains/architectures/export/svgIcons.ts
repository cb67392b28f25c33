/** Icons of the kinds of nodes, drawn with lines in a square of 24 by 24 pixels. */
import type { NodeKind } from '../nodeTypes.ts';

const cylinder = 'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zv12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3';

/** Path data of each icon. */
export const icons: Readonly<Record<NodeKind, string>> = {
  person: 'M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.6-7 8-7s8 3 8 7',
  client: 'M3 4h18v12H3zM9 20h6M12 16v4',
  gateway: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM8 12h8M13 9l3 3-3 3',
  service: 'M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01M12 7h4M12 17h4',
  database: cylinder,
  cache: 'M13 2L5 14h6l-1 8 9-12h-6z',
  queue: 'M3 7h4v10H3zM10 7h4v10h-4zM17 7h4v10h-4z',
  storage: 'M4 6h16l-2 14H6zM4 6c0-1.4 3.6-2.5 8-2.5S20 4.6 20 6',
  external: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 2.6 4 5.6 4 9s-1 6.4-4 9c-3-2.6-4-5.6-4-9s1-6.4 4-9z',
  monitoring: 'M3 13h4l3-8 4 14 3-6h4',
  other: 'M5 5h14v14H5z',
};
