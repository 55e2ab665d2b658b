import { isIPv4, isIPv6 } from 'node:net';
import { formatAddress } from '../decode/address.ts';
import type { Cidr } from './types.ts';

/** Why a text is no address, block, or block with a port: one clause for a person. */
export interface AddressFault {
  readonly fault: string;
}

/** Bytes of an IPv4 (4) or IPv6 (16) address; null when it is neither, or has a zone. */
export function parseAddress(text: string): Uint8Array | null {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text) || text.includes('%')) return null;
  // The last 32 bits may be written as an IPv4 address (RFC 4291 §2.2).
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted[2]!.split('.').map(Number);
    return parseAddress(`${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`);
  }
  const [head = '', tail] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const bytes = new Uint8Array(16);
  [...left, ...new Array<string>(zeros).fill('0'), ...right].forEach((group, index) => {
    const value = Number.parseInt(group, 16);
    bytes[index * 2] = value >> 8;
    bytes[index * 2 + 1] = value & 0xff;
  });
  return bytes;
}

/**
 * Reads an address or a block in CIDR form. Bits set beyond the prefix are a fault: 192.0.2.1/24 may mean the one address
 * or the block, and a policy should not guess. IPv4-mapped IPv6 (::ffff:192.0.2.0/120) is read as the IPv4 it stands for.
 */
export function parseCidr(text: string): Cidr | AddressFault {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = parseAddress(address);
  if (bytes === null) return { fault: faultOfAddress(address) };
  const width = bytes.length * 8;
  let bits = width;
  if (slash >= 0) {
    const prefix = text.slice(slash + 1);
    bits = /^(0|[1-9]\d{0,2})$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (!(bits <= width)) return { fault: `the prefix length is "${prefix}", allowed are 0 to ${width}` };
    const block = formatAddress(maskOff(bytes, bits));
    if (bytes.some((byte, index) => byte !== maskOff(bytes, bits)[index])) {
      return {
        fault: `bits are set beyond the prefix; write ${block}/${bits} for the block or ${address} for the address`,
      };
    }
  }
  return bits >= 96 && isMapped(bytes) ? { bytes: bytes.slice(12), bits: bits - 96, text } : { bytes, bits, text };
}

/**
 * Whether an address of 4 or 16 bytes lies in the block. An IPv4 block also holds the IPv4-mapped IPv6 forms of its
 * addresses.
 */
export function cidrMatches(cidr: Cidr, address: Uint8Array, offset = 0, length = address.length): boolean {
  const { bytes, bits } = cidr;
  let at = offset;
  if (length !== bytes.length) {
    if (bytes.length !== 4 || length !== 16 || !isMapped(address, offset)) return false;
    at += 12;
  }
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (bytes[index] !== address[at + index]) return false;
  const rest = bits & 7;
  return rest === 0 || ((bytes[whole]! ^ address[at + whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

/** Reads "block", "block:port", "[v6]:port", "[v6/bits]:port", "[v6]/bits:port". The port is 0 when left out. */
export function parseTarget(text: string): { readonly to: Cidr; readonly port: number } | AddressFault {
  let block = text;
  let port: string | undefined;
  const bracketed = /^\[([^\]]*)\](\/[^:]*)?(?::(.*))?$/.exec(text);
  if (bracketed !== null) {
    block = `${bracketed[1]}${bracketed[2] ?? ''}`;
    port = bracketed[3];
    if (!block.includes(':')) return { fault: 'brackets are for IPv6 addresses' };
  } else if (text.includes('.') && text.indexOf(':') === text.lastIndexOf(':') && text.includes(':')) {
    [block = '', port] = text.split(':');
  }
  if (port !== undefined && !(/^(0|[1-9]\d{0,4})$/.test(port) && Number(port) <= 65_535)) {
    return { fault: `the port is "${port}", allowed are 0 to 65535` };
  }
  const to = parseCidr(block);
  return 'fault' in to ? to : { to, port: port === undefined ? 0 : Number(port) };
}

/** The text that parseTarget reads back. */
export function formatTarget({ text }: Cidr, port: number): string {
  if (port === 0) return text;
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
}

function faultOfAddress(text: string): string {
  if (text.includes('%')) return 'a zone ("%…") cannot be matched in a capture; leave it out';
  if (/^[\d.]+$/.test(text) && text.split('.').some((part) => /^0\d/.test(part))) {
    return `"${text}" has a number with a leading zero, which some read as octal`;
  }
  return `"${text}" is no IPv4 or IPv6 address; allowed are an address, or a block as in 192.0.2.0/24 or 2001:db8::/32`;
}

function maskOff(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff);
}

function isMapped(bytes: Uint8Array, offset = 0): boolean {
  if (bytes.length < offset + 16 || bytes[offset + 10] !== 0xff || bytes[offset + 11] !== 0xff) return false;
  for (let index = 0; index < 10; index++) if (bytes[offset + index] !== 0) return false;
  return true;
}
