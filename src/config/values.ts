/** The kinds of values that variables of the environment have, each with the sentence that says what was expected. */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { readEncryptionKey } from '../data/encryption.ts';
import { endpointNames, type EndpointName, type EndpointOverrides } from '../domains/integrations/endpoints.ts';

/** An absolute http or https URL; `expected` completes "must be". */
export function webUrl(expected: string) {
  return z.string().refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), `must be ${expected}`);
}

/** A whole number within a range, both ends included. */
export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  const isInRange = (value: number): boolean => value >= least && value <= most;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine(isInRange, message);
}

/** A switch. */
export const flag = z.enum(['true', 'false', '1', '0'], 'must be true or false').transform((value) => value === 'true' || value === '1');
/** What a key has to be, for messages about missing ones too. */
export const encryptionKeyExpected = 'must be 32 bytes as 64 hexadecimal digits or base64: openssl rand -base64 32';
/** A key of 32 bytes. */
export const encryptionKey = z.string().transform((value, context) => {
  try {
    return readEncryptionKey(value);
  } catch {
    context.addIssue({ code: 'custom', message: encryptionKeyExpected });
    return z.NEVER;
  }
});

function isEndpoint([name, address]: readonly [string, string]): boolean {
  return endpointNames.includes(name as EndpointName) && URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

/** Addresses in place of the providers' own ones. */
export const integrationEndpoints = z
  .string()
  .transform((value) =>
    value.split(',').map((entry) => [entry.split('=', 1)[0]?.trim() ?? '', entry.slice(entry.indexOf('=') + 1).trim()] as const),
  )
  .refine(
    (entries) => entries.every(isEndpoint),
    `must be a comma-separated list such as github=https://proxy.example.com/github; the names are ${endpointNames.join(', ')}`,
  )
  .transform((entries) => Object.fromEntries(entries) as EndpointOverrides);

function isOrigin(value: string): boolean {
  return value === '*' || (URL.canParse(value) && new URL(value).origin === value);
}

/** Origins that browsers may call from. */
export const corsOrigins = z
  .string()
  .transform((value) => value.split(',').map((origin) => origin.trim()))
  .refine((origins) => origins.every(isOrigin), 'must be * or a comma-separated list of origins such as https://app.example.com (no path)');

function isNetwork(text: string): boolean {
  return text.includes('/') ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text) && !/^\d+$/.test(text);
}

/** Whose word in X-Forwarded-For counts. Not simply "all of them": with that the first address in the header counts, which clients choose themselves. */
export const trustProxy = z
  .string()
  .refine(
    (value) => /^(?:true|false|\d|10)$/.test(value) || value.split(',').every((entry) => isNetwork(entry.trim())),
    'must be false, true (one proxy), the number of proxies (up to 10), or their addresses such as 10.0.0.0/8,192.0.2.7',
  )
  .transform((value) => {
    if (value === 'false' || value === '0') return false;
    if (value === 'true') return 1;
    return /^\d+$/.test(value) ? Number(value) : value;
  });
