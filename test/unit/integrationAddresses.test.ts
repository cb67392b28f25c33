import { describe, expect, test } from '@jest/globals';
import { isPublicAddress, isPublicHost } from '../../src/domains/integrations/outbound/addresses.ts';

/** What a URL makes of a host: the notation that callers see. */
const hostOf = (url: string): string => new URL(url).hostname;

describe('addresses', () => {
  test.each(['8.8.8.8', '140.82.121.6', '2606:4700::1111', '2a00:1450:4001:82a::200e', '::ffff:8.8.8.8', '172.15.0.1', '172.32.0.1'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
      expect(isPublicHost(address)).toBe(true);
    },
  );

  test.each([
    ['metadata of clouds', '169.254.169.254'],
    ['metadata of ECS tasks', '169.254.170.2'],
    ['metadata of Alibaba Cloud', '100.100.100.200'],
    ['metadata of Oracle Cloud', '192.0.0.192'],
    ['host of Azure', '168.63.129.16'],
    ['metadata of EC2 in IPv6', 'fd00:ec2::254'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['loopback in IPv6', '::1'],
    ['loopback mapped into IPv6', '::ffff:127.0.0.1'],
    ['loopback mapped into IPv6, in hexadecimal', '::ffff:7f00:1'],
    ['IPv4-compatible IPv6', '::7f00:1'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['private mapped into IPv6', '::ffff:10.1.2.3'],
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['unspecified in IPv6', '::'],
    ['shared by carriers', '100.64.0.1'],
    ['benchmarks', '198.18.0.1'],
    ['documentation', '203.0.113.7'],
    ['multicast', '224.0.0.1'],
    ['multicast in IPv6', 'ff02::1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['unique local', 'fc00::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['NAT64 to a private one', '64:ff9b::a00:1'],
    ['6to4 to loopback', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['documentation', '2001:db8::1'],
  ])('%s: %s is not public', (_, address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(isPublicHost(address.includes(':') ? `[${address}]` : address)).toBe(false);
  });

  test.each([
    ['decimal', 'https://2130706433/'],
    ['octal', 'https://0177.0.0.1/'],
    ['hexadecimal', 'https://0x7f.0x0.0x0.0x1/'],
    ['hexadecimal in one', 'https://0x7f000001/'],
    ['with parts left out', 'https://127.1/'],
    ['zero', 'https://0/'],
    ['decimal metadata', 'https://2852039166/'],
    ['percent-encoded', 'https://%31%32%37.0.0.1/'],
    ['full-width digits', 'https://１２７.0.0.1/'],
    ['IPv6', 'https://[::1]/'],
    ['IPv6 mapped', 'https://[::ffff:169.254.169.254]/'],
  ])('%s notation: %s is not public', (_, url) => {
    expect(isPublicHost(hostOf(url))).toBe(false);
  });

  test.each(['2130706433', '0177.0.0.1', '0x7f000001', '127.1'])(
    'the old notation %s is no way around when nothing has normalized it',
    (host) => {
      expect(isPublicHost(host)).toBe(false);
    },
  );

  test.each(['localhost', 'LOCALHOST.', 'a.localhost', 'metadata.google.internal', 'printer.local', 'router.home.arpa', ''])(
    'the name "%s" is not public',
    (host) => {
      expect(isPublicHost(host)).toBe(false);
    },
  );

  test.each(['github.com', 'github.example.com', 'local.example.com', 'internal.example.com', 'localhost.example.com'])(
    'the name %s may be public',
    (host) => {
      expect(isPublicHost(host)).toBe(true);
      expect(isPublicAddress(host)).toBe(false);
    },
  );
});
