/** The assistant of a process: its endpoint, how long it may take, and how many questions may be under way. */
import { usualAiTimeoutMs } from './deadline.ts';
import { openEndpoint, type AiEndpoint, type EndpointBounds, type EndpointSettings } from './endpoint.ts';
import { aiError } from './endpointErrors.ts';
import { createModelNames, type ModelNames } from './modelNames.ts';
import type { ModelCallParent } from '../../telemetry/tracing.ts';
import { traceEndpoint } from './tracedEndpoint.ts';

/** Settings of the assistant; the process's configuration satisfies it. */
export interface AiSettings {
  /** Absent where there is no assistant. */
  readonly ai?: EndpointSettings & {
    /** Milliseconds that all calls of one operation may take together; 120 s unless given. */
    readonly timeoutMs?: number;
  };
  /** Other bounds of answers than the usual ones. */
  readonly aiBounds?: EndpointBounds;
}

/** The assistant of a process. */
export interface AiServices {
  /** Null where none is configured. */
  readonly endpoint: AiEndpoint | null;
  /** Milliseconds that all calls of one operation may take together. */
  readonly timeoutMs: number;
  readonly modelNames: ModelNames;
  /** Takes a turn for a user; returns what gives it back. Throws AI_BUSY when too many questions are under way. */
  readonly enter: (userId: string) => () => void;
}

/** Answers take long: without bounds one user could keep every operation slot of the server. */
const turns = { total: 64, perUser: 4 } as const;

function createTurns(): AiServices['enter'] {
  const byUser = new Map<string, number>();
  let total = 0;
  return (userId) => {
    const own = byUser.get(userId) ?? 0;
    if (own >= turns.perUser || total >= turns.total) throw aiError('AI_BUSY');
    total += 1;
    byUser.set(userId, own + 1);
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      total -= 1;
      const left = (byUser.get(userId) ?? 1) - 1;
      if (left === 0) byUser.delete(userId);
      else byUser.set(userId, left);
    };
  };
}

function openTraced({ ai, aiBounds }: AiSettings, tracing: ModelCallParent | undefined): AiEndpoint | null {
  if (!ai) return null;
  const endpoint = openEndpoint(ai, aiBounds);
  return tracing ? traceEndpoint(endpoint, { settings: ai, tracing }) : endpoint;
}

/** Creates the services, with `tracing` such whose calls leave spans; calls nobody and loads nothing. */
export function createAiServices(settings: AiSettings, tracing?: ModelCallParent): AiServices {
  const { ai } = settings;
  const endpoint = openTraced(settings, tracing);
  return { endpoint, timeoutMs: ai?.timeoutMs ?? usualAiTimeoutMs, modelNames: createModelNames(endpoint), enter: createTurns() };
}
