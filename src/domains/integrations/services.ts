/** What integrations need for the life of the process: encryption of their secrets, and a way to call providers. */
import { createHmac } from 'node:crypto';
import { createEncryption, type Encryption } from '../../data/encryption.ts';
import { deriveKey } from '../../data/keys.ts';
import type { EndpointOverrides } from './endpoints.ts';
import { createOutbound, type Outbound } from './outbound/outbound.ts';

/** Settings of integrations; the process's configuration satisfies it. */
export interface IntegrationSettings {
  readonly jwtSecret: string;
  /** 32 bytes: encrypts secrets before they are stored. */
  readonly encryptionKey: Buffer;
  /** Keys that are still accepted for decryption. */
  readonly previousEncryptionKeys?: readonly Buffer[];
  /** Addresses in place of the providers' own ones, such as those of a proxy; only an operator may set them. */
  readonly integrationEndpoints?: EndpointOverrides;
  /** Milliseconds that all calls of one test or synchronization may take together; 8 s unless given. */
  readonly integrationTimeoutMs?: number;
}

/** Integrations of a process. */
export interface IntegrationServices {
  readonly encryption: Encryption;
  readonly outbound: Outbound;
  readonly endpoints: EndpointOverrides;
  readonly timeoutMs: number;
  /** Returns what stands for a text wherever equal inputs must be recognized: the text can not be found from it without the key. */
  readonly fingerprint: (text: string) => string;
}

/** Less than the deadline of a request, so that a person reads which provider was slow. */
const defaultTimeoutMs = 8_000;

/** Creates the services; calls nobody. Throws RangeError for keys of another length than 32 bytes. */
export function createIntegrationServices(settings: IntegrationSettings): IntegrationServices {
  const { jwtSecret, encryptionKey, previousEncryptionKeys = [], integrationEndpoints = {}, integrationTimeoutMs } = settings;
  const key = deriveKey(jwtSecret, 'integration fingerprints');
  return {
    encryption: createEncryption(encryptionKey, { previousKeys: previousEncryptionKeys }),
    outbound: createOutbound(),
    endpoints: integrationEndpoints,
    timeoutMs: integrationTimeoutMs ?? defaultTimeoutMs,
    fingerprint: (text) => createHmac('sha256', key).update(text).digest('base64url'),
  };
}
