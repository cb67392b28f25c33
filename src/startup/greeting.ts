import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';

/** What there is to tell after the start. */
export interface Started {
  readonly config: Config;
  readonly address: AddressInfo;
  readonly version: string;
  readonly database: string;
  readonly seconds: number;
}

/** Returns the server's own URL as a browser on this machine reaches it: an address that means "all networks" is no place to go. */
export function baseUrl({ address, port, family }: AddressInfo): string {
  const everywhere = address === '0.0.0.0' || address === '::';
  const local = everywhere || address === '127.0.0.1' || address === '::1';
  return `http://${local ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Returns the block that tells a person where to go. */
export function greeting({ config, address, version, database, seconds }: Started): string {
  const url = baseUrl(address);
  return [
    '',
    `  Snapinfra API ${version} is ready (${config.environment}, started in ${seconds.toFixed(1)} s)`,
    '',
    `  GraphQL   ${url}/graphql`,
    `  Explorer  ${url}/graphql  (in a browser)`,
    `  Health    ${url}/api/health`,
    `  Database  ${database}`,
    '',
    '  Stop with Ctrl-C.',
    '',
    '',
  ].join('\n');
}
