/** What the benchmark finds out. All times in milliseconds, all sizes in bytes. */
import type { Contestant } from './contestants.ts';
import type { comparedPages } from './pages.ts';

/** A page that contestants are compared on. */
export type ComparedPage = (typeof comparedPages)[number];

/** Values by contestant; absent for those that were not measured. */
export type ByContestant<T> = Partial<Record<Contestant, T>>;

/** What one request asks of DynamoDB. */
export interface Counts {
  readonly calls: number;
  /** Length of the longest chain of calls that had to wait for each other. */
  readonly depth: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Size of DynamoDB's answers: what the server has to parse. */
  readonly bytes: number;
  /** Calls by operation. */
  readonly operations: Readonly<Record<string, number>>;
  /** Calls by operation, table and index, such as `Query schemas.UserIdIndex`. */
  readonly targets: Readonly<Record<string, number>>;
}

/** How fast a server answers, and what that costs it. */
export interface Speed {
  /** CPU time of the server's process per request. */
  readonly cpuMs: number;
  /** CPU time of the database's process per request, where it can be told. */
  readonly databaseCpuMs?: number;
  readonly p50: number;
  readonly p95: number;
  readonly p50At16: number;
  readonly p95At16: number;
  /** Requests per second with 16 at a time. */
  readonly perSecond: number;
  /** How many requests all this was measured with. */
  readonly requests: number;
}

/** One page, one contestant. */
export interface PageResult {
  readonly counts?: Counts;
  /** The first request of a process for this owner; this server only, the peers have no memory. */
  readonly first?: Counts;
  readonly speed?: Speed;
}

/** One request at a time. */
export interface SingleResult {
  readonly p50: number;
  readonly cpuMs: number;
}

/** One size of the page, one contestant. `delayed` has 5 ms on every DynamoDB call. */
export type GrowthResult = PageResult & { readonly single?: SingleResult; readonly delayed?: SingleResult };

/** Start and memory of one contestant. */
export interface ProcessResult {
  /** From the start of the process to the first answer that came from the tables. */
  readonly coldStartMs?: number;
  readonly idleRssBytes?: number;
  readonly loadedRssBytes?: number;
}

/** Two requests that should cost the same, whatever lies behind them. */
export interface FlatResult {
  readonly title: string;
  readonly small: { readonly label: string; readonly readUnits: number; readonly calls: number; readonly p50: number };
  readonly large: { readonly label: string; readonly readUnits: number; readonly calls: number; readonly p50: number };
}

/** Where and when, and with what. */
export interface Environment {
  readonly date: string;
  readonly mode: 'full' | 'quick' | 'part';
  readonly commit: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly database: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Everything that was measured; parts that were not asked for are absent. */
export interface Results {
  readonly environment: Environment;
  readonly pages: Partial<Record<ComparedPage, ByContestant<PageResult>>>;
  /** The page where each project was worked on in a burst of its own. */
  readonly bursts?: ByContestant<PageResult>;
  /** The page with as many projects as the key says. */
  readonly growth?: Readonly<Record<string, ByContestant<GrowthResult>>>;
  /** The page with 5 ms added to every DynamoDB call. */
  readonly delayed?: ByContestant<SingleResult>;
  readonly processes?: ByContestant<ProcessResult>;
  /** Cold start with the embedded database, tables and all. */
  readonly embeddedStartMs?: number;
  readonly flat?: readonly FlatResult[];
  /** CPU time of requests that read nothing for the page. */
  readonly overhead?: Readonly<Record<string, number>>;
  /** Memory over a long load: resident bytes, one number for each tenth of the time. */
  readonly soak?: { readonly seconds: number; readonly rssBytes: readonly number[] };
}
