/** Who is measured. */

export const contestants = ['snapinfra', 'apollo-naive', 'apollo-dataloader', 'mercurius', 'yoga', 'bare', 'rest'] as const;

/** A server that is measured. */
export type Contestant = (typeof contestants)[number];

/** This server. */
export const own: Contestant = 'snapinfra';

/** Those that goals call "the peers". */
export const graphqlPeers = ['apollo-naive', 'apollo-dataloader', 'mercurius', 'yoga'] as const satisfies readonly Contestant[];

/** Names for people. */
export const titles: Readonly<Record<Contestant, string>> = {
  snapinfra: 'Snapinfra API (this server)',
  'apollo-naive': 'Apollo Server, naive',
  'apollo-dataloader': 'Apollo Server + DataLoader',
  mercurius: 'Mercurius + loaders + JIT',
  yoga: 'GraphQL Yoga + DataLoader',
  bare: 'no GraphQL: bare handler',
  rest: 'REST, one call per list',
};
