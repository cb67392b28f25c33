/** E-mail addresses: one canonical spelling per mailbox, so that uniqueness can be guarded by equality. */
import { domainToASCII } from 'node:url';

/** The canonical spelling, or what is wrong; `message` is written for the person who typed the address. */
export type EmailResult = { readonly ok: true; readonly email: string } | { readonly ok: false; readonly message: string };

/** RFC 5321 §4.5.3.1: 254 octets for an address in a path, 64 for the part before the @. */
const maxAddressBytes = 254;
const maxLocalBytes = 64;

/** Longer texts cannot become a valid address; they are refused before any other work. */
const maxInputUnits = 1024;

/**
 * The ASCII characters that the WHATWG HTML standard allows before the @ ("valid e-mail address"), plus letters, marks and
 * digits of all scripts (RFC 6531). Quoted local parts are refused, as browsers refuse them.
 */
const localPart = /^[a-z0-9.!#$%&'*+/=?^_`{|}~\p{L}\p{M}\p{N}-]+$/u;
const domainLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Returns an address trimmed, in NFC and lower case, its domain in ASCII (a domain in punycode stays as it is, one in
 * Unicode becomes punycode, so that both spellings are the same account). Applying it to its own result changes nothing.
 */
export function normalizeEmail(raw: string): EmailResult {
  if (raw.length > maxInputUnits) return refuse('The e-mail address is too long. Use one with at most 254 characters.');
  const text = raw.trim();
  if (text === '') return refuse('Enter an e-mail address.');
  if (/[\p{C}\s]/u.test(text)) return refuse('The e-mail address contains a space or an invisible character. Remove it.');
  const parts = text.split('@');
  const [local, domain] = parts;
  if (parts.length !== 2 || !local || !domain)
    return refuse('An e-mail address has one @ with text on both sides, such as name@example.com.');
  const canonicalLocal = local.normalize('NFC').toLowerCase().normalize('NFC');
  if (!localPart.test(canonicalLocal) || Buffer.byteLength(canonicalLocal) > maxLocalBytes) {
    return refuse('The part before the @ has a character that is not allowed there, or more than 64 characters. Check the address.');
  }
  const canonicalDomain = canonicalizeDomain(domain);
  if (canonicalDomain === undefined) {
    return refuse('The part after the @ is not a domain name such as example.com. Check the address.');
  }
  const email = `${canonicalLocal}@${canonicalDomain}`;
  if (Buffer.byteLength(email) > maxAddressBytes) return refuse('The e-mail address is too long. Use one with at most 254 characters.');
  return { ok: true, email };
}

/** Returns a domain in lower-case ASCII, or undefined where it is not a host name with at least two labels. */
function canonicalizeDomain(domain: string): string | undefined {
  // Percent escapes would be decoded by domainToASCII, so two spellings of the domain would pass.
  if (/[%:/?#[\]\\]/.test(domain)) return undefined;
  const ascii = domainToASCII(domain.normalize('NFC'));
  const labels = ascii.split('.');
  const topLevel = labels.at(-1) ?? '';
  // A last label of digits is an IPv4 address (domainToASCII also rewrites 0x7f.1 to 127.0.0.1).
  if (labels.length < 2 || topLevel.length < 2 || /^\d+$/.test(topLevel)) return undefined;
  return labels.every((label) => domainLabel.test(label)) ? ascii : undefined;
}

function refuse(message: string): EmailResult {
  return { ok: false, message };
}
