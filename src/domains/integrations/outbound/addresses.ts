/** Which network addresses may be called in the name of a user: public ones only. */
import ipaddr from 'ipaddr.js';

/** Public by their range, but answered by the cloud provider's own host (Azure: "What is IP address 168.63.129.16?"). */
const platformAddresses: ReadonlySet<string> = new Set(['168.63.129.16']);

/** IPv6 unicast addresses that are routed (IANA, "Internet Protocol Version 6 Address Space"). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Returns whether an IP address is a public unicast one. IPv4 addresses within IPv6 ones count as what they are.
 * Private, loopback, link-local, multicast, reserved and transition addresses are not public; neither is text that is no address.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast' || platformAddresses.has(address.toString())) return false;
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast);
}

/** Returns the IP address that a host of a URL is, without brackets, or null for a name. */
export function literalAddress(host: string): string | null {
  const text = host.replace(/^\[(.*)\]$/, '$1');
  // Old notations (2130706433, 0177.0.0.1, 0x7f.1) are addresses too: `URL` turns them into the usual one, other callers may not.
  return ipaddr.isValid(text) ? text : null;
}

/** Names that never lead to a public host (RFC 6761, RFC 8375, RFC 6762 and what clouds name their metadata service). */
const localName = /(?:^|\.)(?:localhost|local|internal|home\.arpa|localdomain)\.?$/i;

/** Returns whether a host of a URL may be called as far as its text tells; what a name leads to is checked after it was looked up. */
export function isPublicHost(host: string): boolean {
  const literal = literalAddress(host);
  return literal === null ? host !== '' && !localName.test(host) : isPublicAddress(literal);
}
