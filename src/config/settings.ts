/** What the process is told to be: the settings that every other part reads, each where a newcomer looks for it. */
import type { ClientKind } from '../data/client.ts';
import type { ReadPlanMode } from '../data/readPlan/planner.ts';
import type { JobSettings } from '../domains/codeGenerations/jobs/settings.ts';
import type { EndpointOverrides } from '../domains/integrations/endpoints.ts';
import type { TracingSettings } from '../telemetry/tracing.ts';

/** Where the database is: a DynamoDB endpoint, AWS itself, or the emulator that this process starts. */
export type DatabaseLocation =
  | { readonly kind: 'endpoint'; readonly endpoint: string; readonly credentials?: AwsCredentials }
  | { readonly kind: 'aws' }
  | { readonly kind: 'embedded'; readonly bin?: string };

/** Credentials for an endpoint that checks none, such as DynamoDB Local. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** All settings of the process. Holds secrets: never log it. */
export interface Config {
  readonly environment: 'development' | 'test' | 'production';
  readonly http: {
    readonly host: string;
    /** 0 means: any free port. */
    readonly port: number;
    /** Origins that browsers may call from; `*` means any, an empty list none but this server's own pages. */
    readonly corsOrigins: readonly string[];
    /**
     * Whose word in X-Forwarded-For counts for the address of the client: that of as many proxies in a row, or of proxies at
     * these addresses (comma-separated, `10.0.0.0/8` for a network). What clients put in front themselves never counts.
     */
    readonly trustProxy: false | number | string;
    /** Operations that may be in flight at once; further ones are refused with 503. */
    readonly maxRequestsInFlight: number;
    /** How late the event loop may be before new requests are refused with 503, in milliseconds; 0 means never. */
    readonly maxEventLoopDelayMs: number;
    /** Between "not ready" and the end of the listener, so that load balancers notice; in milliseconds. */
    readonly drainDelayMs: number;
    /** Longest time of a query or mutation, in milliseconds. */
    readonly operationTimeoutMs: number;
  };
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly introspection: boolean;
  /** Whether answers list their DynamoDB calls for clients that ask; in production for signed-in ones only. */
  readonly explain: boolean;
  readonly database: {
    readonly location: DatabaseLocation;
    readonly region: string;
    readonly prefix: string;
    /** Which client sends the operations of requests. */
    readonly client: ClientKind;
    /** True where missing tables are made at the start; false where they must be there already. */
    readonly provision: boolean;
  };
  /** Absolute path of the folder for the embedded database and local secrets. */
  readonly dataDir: string;
  /** Signs access tokens and cursors; at least 32 bytes. */
  readonly jwtSecret: string;
  /** 32 bytes: encrypts secrets of integrations before they are stored. */
  readonly encryptionKey: Buffer;
  /** Keys that are still accepted for decryption. */
  readonly previousEncryptionKeys: readonly Buffer[];
  /** Addresses that integrations call in place of the providers' own ones; they may be private. */
  readonly integrationEndpoints: EndpointOverrides;
  /** An OpenID provider whose tokens are accepted too. */
  readonly oidc?: { readonly issuer: string; readonly audience: string };
  /** An OpenAI-compatible endpoint for the assistant. */
  readonly ai?: { readonly baseUrl: string; readonly apiKey?: string; readonly model: string; readonly timeoutMs: number };
  /** How subscriptions hear of changes by other instances. */
  readonly changes: {
    /** `process`: not at all; `streams`: from DynamoDB Streams; `auto`: from streams where other processes may write. */
    readonly source: 'auto' | 'process' | 'streams';
  };
  /** A Redis that instances share their rate limits through, and tell each other of changes. */
  readonly redisUrl?: string;
  /** Points in a minute for a user and for an address without sign-in; 0 means no limit. */
  readonly rateLimits: { readonly user: number; readonly anonymous: number };
  /** How lists below several projects are read. */
  readonly readPlan: ReadPlanMode;
  /** False where the earlier backend writes no rows any more. */
  readonly hasEarlierBackend: boolean;
  /** How the jobs of code generations pace themselves. */
  readonly codeGenerationJobs: JobSettings;
  /** Where traces go; none are recorded unless given. */
  readonly tracing?: TracingSettings;
  /** Who may read `/metrics`; where neither is set, everybody in development and nobody in production. */
  readonly metrics?: {
    /** The bearer token that readers must send. */
    readonly token?: string;
    /** A port of their own; `/metrics` is not served on that of the API then. */
    readonly port?: number;
  };
  /** Origin that links to this server begin with, where it is not the one that clients call. */
  readonly publicUrl?: string;
  /** Days after which rows that expire go. */
  readonly ttlDays: { readonly activity: number; readonly analytics: number; readonly codeGenerations: number };
}
