/** Changes of a configuration: what a client sends becomes what is stored, secrets encrypted. */
import { maskSecret, type Encryption } from '../../data/encryption.ts';
import { redact } from '../deployments/redaction.ts';
import { Checks } from '../text.ts';
import { alternativesProblem, configFields, fieldOf, valueProblem, type ConfigField } from './configFields.ts';
import { knownType, type IntegrationRecord, type IntegrationType } from './integration.ts';
import { encryptField, isMasked, openConfig } from './secrets.ts';

const path = ['input', 'config'];

interface Change {
  /** The integration as it is; without `config` when it is new. */
  integration: Pick<IntegrationRecord, 'id' | 'type'> & { config?: unknown };
  /** What the client sent. */
  input: Readonly<Record<string, unknown>>;
}

/**
 * Returns the stored form of a configuration after a change: absent leaves, null clears, a secret that came back masked
 * stays. Throws what is wrong with the input, or with the configuration as a whole, without repeating any value.
 */
export function changeConfig(encryption: Encryption, { integration, input }: Change): Record<string, unknown> {
  const checks = new Checks();
  const type = knownType(integration.type);
  if (type === null) {
    checks.add(path, 'This version of the API does not know the type of this integration. Delete it and make a new one.');
    checks.throwIfAny();
    return {};
  }
  const before = { ...(integration.config as Record<string, unknown> | undefined) };
  const next = { ...before };
  const opened = openConfig(encryption, integration);
  for (const [name, sent] of Object.entries(input)) {
    const outcome = changeField({ type, name, sent, current: opened[name], isStored: Object.hasOwn(before, name) });
    if ('problem' in outcome) checks.add(outcome.unknown ? path : [...path, name], outcome.problem);
    else if ('clear' in outcome) Reflect.deleteProperty(next, name);
    else if ('set' in outcome) {
      const isSecret = fieldOf(type, name)?.secret ?? true;
      next[name] = isSecret ? encryptField(encryption, { id: integration.id, field: name, secret: outcome.set }) : outcome.set;
    }
  }
  if (Object.keys(input).length > 0 || integration.config === undefined) checkWhole(checks, { type, input, before, next });
  checks.throwIfAny();
  return next;
}

type Outcome = { problem: string; unknown?: boolean } | { clear: true } | { set: string } | { keep: true };

interface FieldChange {
  type: IntegrationType;
  name: string;
  sent: unknown;
  /** Plain text of what is stored: undefined for nothing, null for a secret that can not be decrypted. */
  current: string | null | undefined;
  isStored: boolean;
}

function changeField({ type, name, sent, current, isStored }: FieldChange): Outcome {
  const field = fieldOf(type, name);
  if (!field) return isStored && sent === null ? { clear: true } : { problem: unknownField(type, name), unknown: true };
  if (sent === null) return field.required ? { problem: 'This field is required and can not be cleared.' } : { clear: true };
  if (typeof sent !== 'string') return { problem: 'Send text.' };
  // What is pasted often brings a line end along.
  const value = sent.trim();
  if (field.secret && isMasked(value)) return keepMasked(value, current);
  const problem = valueProblem(field, value) ?? misplacedSecret(field, value);
  if (problem !== null) return { problem };
  return value === current ? { keep: true } : { set: value };
}

/** A secret that a client read and sent back with the rest of the configuration. */
function keepMasked(value: string, current: string | null | undefined): Outcome {
  if (current !== undefined && value === maskSecret(current ?? '')) return { keep: true };
  return { problem: 'This is a masked value, but not that of the stored secret. Send the whole secret, or leave the field out.' };
}

/** Open fields are shown and logged as they are, so a token that was pasted into the wrong one is refused. */
function misplacedSecret(field: ConfigField, value: string): string | null {
  return !field.secret && redact(value).count > 0
    ? 'This looks like a secret, but this field is not kept secret. Put it in its own field.'
    : null;
}

/** Names the fields that there are; of the unknown one only what can not be a secret. */
function unknownField(type: IntegrationType, name: string): string {
  const shown = /^\w{1,30}$/.test(name) && redact(name).count === 0 ? `"${name}"` : 'A field';
  const allowed = Object.entries(configFields[type]).map(([known, { required }]) => (required ? known : `${known} (optional)`));
  return `${shown} is not in the configuration of ${type.toUpperCase()}. Its fields are ${allowed.join(', ')}.`;
}

interface WholeChange {
  type: IntegrationType;
  input: Readonly<Record<string, unknown>>;
  before: Readonly<Record<string, unknown>>;
  next: Readonly<Record<string, unknown>>;
}

/** Rules for the configuration as a whole. Fields that were sent are there, or have a problem of their own already. */
function checkWhole(checks: Checks, { type, input, before, next }: WholeChange): void {
  const fields = Object.entries(configFields[type]);
  for (const [name, { required }] of fields) {
    if (required && !Object.hasOwn({ ...next, ...input }, name)) checks.add([...path, name], `The configuration needs ${name}.`);
  }
  checks.add(path, alternativesProblem(type, next));
  const isRedirected = fields.some(([name, { destination }]) => destination && (before[name] ?? null) !== (next[name] ?? null));
  for (const [name, { secret }] of fields) {
    const isWhole = typeof input[name] === 'string' && !isMasked(input[name].trim());
    if (secret && isRedirected && !isWhole && Object.hasOwn(next, name))
      checks.add([...path, name], 'The new address decides who receives this secret. Send the whole secret again along with it.');
  }
}
