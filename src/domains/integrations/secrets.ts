/**
 * The secrets within a stored configuration: encrypted in rows of this API, plain text in rows of the earlier backend.
 * Hidden are the secret fields of a type, and every text in fields that the type does not have: an older row may keep
 * its token under any name.
 */
import { DecryptionFailed, isEncrypted, maskSecret, type Encryption } from '../../data/encryption.ts';
import { redact } from '../deployments/redaction.ts';
import { fieldOf } from './configFields.ts';
import { knownType, type IntegrationRecord } from './integration.ts';

/** What masked secrets begin with; `maskSecret` writes it. */
const maskBegin = '••••';

/** True for text that a client read as a masked secret, and no secret itself. */
export function isMasked(value: string): boolean {
  return value.startsWith(maskBegin);
}

type Owner = Pick<IntegrationRecord, 'id' | 'type'>;

function isHidden({ type }: Owner, name: string): boolean {
  return fieldOf(knownType(type), name)?.secret ?? true;
}

/** Names the place of a secret: encrypted text that is copied to another row or field can not be read there. */
function placeOf(id: string, path: readonly string[]): string {
  return `integration:${id}:${path.join('.')}`;
}

/** Returns a field's secret in encrypted form. */
export function encryptField(encryption: Encryption, { id, field, secret }: { id: string; field: string; secret: string }): string {
  return encryption.encrypt(secret, placeOf(id, [field]));
}

/** Returns the plain text of a stored secret, or null when no configured key fits or the text was tampered with. */
function decryptText(encryption: Encryption, stored: string, place: string): string | null {
  if (!isEncrypted(stored)) return stored;
  try {
    return encryption.decrypt(stored, place);
  } catch (error) {
    if (error instanceof DecryptionFailed) return null;
    throw error;
  }
}

/** Returns the value with each text in it, at any depth, replaced. */
function mapTexts(value: unknown, path: readonly string[], map: (text: string, path: readonly string[]) => unknown): unknown {
  if (typeof value === 'string') return map(value, path);
  if (Array.isArray(value)) return value.map((entry, i) => mapTexts(entry, [...path, String(i)], map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, [...path, name], map)]));
}

function mapFields(config: unknown, map: (name: string, value: unknown) => unknown): Record<string, unknown> {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return {};
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, map(name, value)]));
}

/** Returns a configuration as clients see it: secrets as `••••1234`, or `••••` alone where they can not be decrypted. */
export function maskConfig(encryption: Encryption, integration: Owner & { config?: unknown }): Record<string, unknown> {
  const { id } = integration;
  return mapFields(integration.config, (name, value) => {
    // In older rows a secret may lie in a field that is open; common shapes of secrets are recognized.
    if (!isHidden(integration, name)) return mapTexts(value, [name], (text) => redact(text).text);
    return mapTexts(value, [name], (text, path) => maskSecret(decryptText(encryption, text, placeOf(id, path)) ?? ''));
  });
}

/** Returns a configuration as it is stored: what is still plain text, or encrypted with a former key, encrypted with the current one. */
export function sealConfig(encryption: Encryption, integration: Owner & { config?: unknown }): Record<string, unknown> {
  const { id } = integration;
  return mapFields(integration.config, (name, value) => {
    if (!isHidden(integration, name)) return value;
    return mapTexts(value, [name], (text, path) => {
      if (!encryption.needsReencryption(text)) return text;
      const place = placeOf(id, path);
      const plain = decryptText(encryption, text, place);
      // A secret that can not be read now may be readable again when its key is configured.
      return plain === null ? text : encryption.encrypt(plain, place);
    });
  });
}

/** Returns the fields of a configuration that are texts, in plain text; null for secrets that can not be decrypted. For calls to the provider only. */
export function openConfig(encryption: Encryption, integration: Owner & { config?: unknown }): Record<string, string | null> {
  const { id } = integration;
  const opened = mapFields(integration.config, (name, value) => {
    if (typeof value !== 'string') return undefined;
    return isHidden(integration, name) ? decryptText(encryption, value, placeOf(id, [name])) : value;
  });
  return Object.fromEntries(Object.entries(opened).filter(([, value]) => value !== undefined)) as Record<string, string | null>;
}
