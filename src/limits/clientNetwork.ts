/** What counts as one client among addresses. */
import ipaddr from 'ipaddr.js';

/**
 * Returns what an address is limited under: an IPv4 address itself, also inside of an IPv6 one, and of other IPv6 addresses the
 * first 64 bits, since a subscriber has at least so many to choose from (RFC 6177). Text that is no address stays as it is.
 */
export function clientNetwork(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
