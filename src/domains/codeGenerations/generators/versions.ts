/** Exact versions of everything that generated packages depend on. The first group is what this project itself runs on. */
export const versions = {
  '@apollo/server': '5.5.1',
  '@types/node': '20.19.43',
  dataloader: '2.2.3',
  fastify: '5.12.8',
  graphql: '16.15.0',
  typescript: '6.0.3',
  zod: '4.6.7',

  '@prisma/client': '7.10.0',
  '@types/pg': '8.23.1',
  pg: '8.23.1',
  prisma: '7.10.0',
} as const;

export type PackageName = keyof typeof versions;

/** Returns the dependencies of a package.json, sorted by name as npm does. */
export function pinned(...names: readonly PackageName[]): Record<string, string> {
  return Object.fromEntries(names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => [name, versions[name]]));
}
