/** What a project of the demo workspace consists of; `fill.ts` makes it through the services. */
import type { Role } from '../../auth/permissions.ts';

/** The people of the workspace. */
export const people = {
  mara: { email: 'mara@demo.example', username: 'Mara Lindqvist', profile: { company: 'Fjord & Co', role: 'Head of engineering' } },
  tomas: { email: 'tomas@demo.example', username: 'Tomás Ferreira', profile: { company: 'Fjord & Co', role: 'Backend developer' } },
  aiko: { email: 'aiko@demo.example', username: 'Aiko Tanabe', profile: { company: 'Studio Tanabe', role: 'Freelance architect' } },
} as const;

/** One of them. */
export type Person = keyof typeof people;

/** Password of all demo accounts: public, which is why there is no demo in production. */
export const demoPassword = 'open the demo workspace';

/** A part of an architecture: id, type, label, and where it stands on a grid of 220 × 140 pixels. */
export type DemoNode = readonly [id: string, type: string, label: string, column: number, row: number];

/** A connection of two parts. */
export type DemoEdge = readonly [source: string, target: string, label: string, type?: string];

/** A project of the workspace. Times count in days before the demo was made. */
export interface DemoProject {
  /** Names the project in idempotency keys, and seeds its random numbers. */
  readonly key: string;
  readonly owner: Person;
  readonly startedDaysAgo: number;
  readonly fields: {
    readonly name: string;
    readonly description: string;
    readonly status: 'draft' | 'active';
    readonly framework: string;
    readonly database: string;
    readonly repository: string;
    readonly deploymentUrl?: string;
    readonly tags: readonly string[];
  };
  readonly members: readonly { readonly person: Person; readonly role: Exclude<Role, 'owner'> }[];
  /** SQL (PostgreSQL): each version is the text of all up to it, so a later one says what it adds. */
  readonly schema: { readonly name: string; readonly versions: readonly string[] };
  readonly architectures: readonly {
    readonly name: string;
    readonly description: string;
    readonly nodes: readonly DemoNode[];
    readonly edges: readonly DemoEdge[];
  }[];
  readonly pages: readonly { readonly title: string; readonly category: string; readonly content: string }[];
  readonly releases: { readonly everyDays: number; readonly provider: string; readonly artifact: string };
  /** One event a day and metric. `base` is the usual value, `growth` what it gains over the time shown. */
  readonly metrics: readonly { readonly metric: string; readonly base: number; readonly growth: number; readonly unit: string }[];
  readonly integration?: { readonly type: string; readonly name: string; readonly config: Readonly<Record<string, string>> };
}
