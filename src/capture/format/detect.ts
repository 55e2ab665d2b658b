import { isZstdMagic } from '../bytes/zstd-magic.ts';
import { isPcapMagic, PCAP_HEADER_LENGTH } from './pcap.ts';
import { isPcapngMagic } from './pcapng.ts';

/** Bytes that tell a format; an input may have fewer. */
export const SNIFF_LENGTH = PCAP_HEADER_LENGTH;

/** What an input is by its first bytes. `foreign`: something else, named for a person; null when unknown. */
export type Format =
  | { readonly kind: 'pcap' | 'pcapng' | 'gzip' | 'zstd' }
  | { readonly kind: 'foreign'; readonly name: string | null };

/** First bytes (latin-1) of what people hand to a capture reader by mistake, or from other capture programs. */
const FOREIGN: readonly (readonly [magic: string, name: string])[] = [
  ['snoop\0\0\0', 'a snoop capture'],
  ['GMBU', 'a Microsoft Network Monitor 2 capture'],
  ['RTSS', 'a Microsoft Network Monitor 1 capture'],
  ['XCP\0', 'a NetXRay capture'],
  ['VL\0\0', 'a NetXRay 1 capture'],
  ['TRSNIFF data', 'a Sniffer capture'],
  ['\x1c\0\x01\xac', 'an Ixia capture'],
  ['\xac\x01\0\x1c', 'an Ixia capture'],
  ['\x1c\0\x01\xab', 'an Ixia capture'],
  ['\xab\x01\0\x1c', 'an Ixia capture'],
  ['btsnoop\0', 'a btsnoop capture'],
  ['iptrace', 'an AIX iptrace capture'],
  ['\xfd7zXZ\0', 'xz'],
  ['BZh', 'bzip2'],
  ['\x04\x22\x4d\x18', 'lz4'],
  ['\x02\x21\x4c\x18', 'lz4'],
  ['PK\x03\x04', 'a zip archive'],
  ['PK\x05\x06', 'a zip archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-zip archive'],
  ['Rar!', 'a rar archive'],
  ['\x1f\x9d', 'compress (.Z)'],
  ['LZIP', 'lzip'],
  ['\x7fELF', 'a program'],
  ['MZ', 'a program'],
  ['%PDF', 'a PDF document'],
  ['\x89PNG', 'a PNG image'],
  ['SQLite format 3\0', 'a SQLite database'],
  ['<?xml', 'XML text'],
  ['<pdml', 'XML text'],
  ['{', 'JSON text'],
  ['version https://git-lfs', 'a Git LFS pointer, not the file itself (git lfs pull fetches it)'],
];

/** Endace's ERF has no magic: a known record type, and a record length that has room for the record header. */
function looksLikeErf(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false;
  const type = bytes[8]! & 0x7f;
  const recordLength = bytes[10]! * 256 + bytes[11]!;
  const wireLength = bytes[14]! * 256 + bytes[15]!;
  // The top of the little-endian time stamp is seconds: 2001 to 2106.
  const seconds = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  return type >= 1 && type <= 27 && recordLength >= 16 && wireLength > 0 && seconds > 1_000_000_000;
}

/** Tells by content, never by name. `bytes` are the first ones, up to SNIFF_LENGTH. */
export function recogniseFormat(bytes: Uint8Array): Format {
  if (bytes.length >= 4) {
    if (isPcapMagic(bytes, 0)) return { kind: 'pcap' };
    if (isPcapngMagic(bytes, 0)) return { kind: 'pcapng' };
    if (isZstdMagic(bytes, 0)) return { kind: 'zstd' };
  }
  // Third byte: the only compression method that gzip ever had.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b && (bytes[2] === 8 || bytes.length < 3)) return { kind: 'gzip' };
  const start = String.fromCharCode(...bytes);
  const known = FOREIGN.find(([magic]) => start.startsWith(magic));
  if (known !== undefined) return { kind: 'foreign', name: known[1] };
  if (bytes.every((byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 9 && byte <= 13))) {
    return { kind: 'foreign', name: 'text' };
  }
  if (bytes.every((byte) => byte === 0)) return { kind: 'foreign', name: 'nothing but zero bytes' };
  return { kind: 'foreign', name: looksLikeErf(bytes) ? 'an ERF capture' : null };
}
