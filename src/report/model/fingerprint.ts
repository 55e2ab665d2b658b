import { crc32 } from 'node:zlib';
import { ACK, AE, ECE, FIN, PSH, RST, SYN, URG } from '../../decode/packet.ts';
import { parseTcpOptions } from '../../decode/transport/tcp-options.ts';
import type { SegmentEvidence } from '../../track/exchange.ts';

const INITIAL_TTLS = [32, 64, 128, 255];

/** The initial TTL or hop limit that a packet seen with `ttl` most likely had: the next usual one. */
export function guessInitialTtl(ttl: number): number {
  return INITIAL_TTLS.find((initial) => ttl <= initial) ?? 255;
}

/** Likely number of routers passed; null for a TTL of 0, which says nothing. */
export function guessHops(ttl: number): number | null {
  return ttl > 0 ? guessInitialTtl(ttl) - ttl : null;
}

/** In nmap's order. */
const FLAG_LETTERS = [
  [ECE, 'E'],
  [URG, 'U'],
  [ACK, 'A'],
  [PSH, 'P'],
  [RST, 'R'],
  [SYN, 'S'],
  [FIN, 'F'],
] as const;

/**
 * A RST over IPv4 in nmap's notation for its test T5 (a SYN to a closed port; nmap.org/book/osdetect-methods.html), as in
 * `R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=`. RD is left out where the capture does not hold the RST's whole data.
 * Null where a field that the notation needs was not captured.
 */
export function formatFingerprint(probe: SegmentEvidence | null, reset: SegmentEvidence): string | null {
  if (probe === null || probe.sequence === null || probe.acknowledgment === null) return null;
  const { flags, sequence, acknowledgment, window, payloadLength } = reset;
  // nmap's IPv6 detection has no such notation.
  if (reset.source.length !== 4 || reset.ttl === 0) return null;
  if (flags === null || (flags & RST) === 0 || sequence === null || acknowledgment === null || window === null)
    return null;
  const fields = [
    'R=Y',
    `DF=${reset.dontFragment ? 'Y' : 'N'}`,
    `T=${hex(guessInitialTtl(reset.ttl))}`,
    `W=${hex(window)}`,
    `S=${compareNumber(sequence, probe.acknowledgment, 'A')}`,
    `A=${compareNumber(acknowledgment, probe.sequence, 'S')}`,
    `F=${FLAG_LETTERS.map(([bit, letter]) => (flags & bit ? letter : '')).join('')}`,
    `O=${formatOptionLetters(reset.options)}`,
  ];
  if (payloadLength === 0) fields.push('RD=0');
  else if (payloadLength === reset.payload.length) fields.push(`RD=${hex(crc32(reset.payload))}`);
  // R: the reserved bits (to nmap the old NS bit is one of them) are not zero. U: urgent pointer without URG.
  const reserved = (reset.reservedBits ?? 0) !== 0 || (flags & AE) !== 0;
  const urgent = (flags & URG) === 0 && (reset.urgentPointer ?? 0) !== 0;
  fields.push(`Q=${reserved ? 'R' : ''}${urgent ? 'U' : ''}`);
  return fields.join('%');
}

/** Z: zero; A or S: same as the number that the probe had in the other field; with a plus: one more; O: other. */
function compareNumber(number: number, other: number, letter: 'A' | 'S'): string {
  if (number === 0) return 'Z';
  if (number === other) return letter;
  return number === (other + 1) >>> 0 ? `${letter}+` : 'O';
}

/** L, N, M<mss>, W<shift>, T<value is not 0><echo is not 0>, S; what nmap has no letter for is left out. */
function formatOptionLetters(bytes: Uint8Array): string {
  const options = parseTcpOptions(bytes);
  let text = '';
  for (const kind of options.kinds) {
    if (kind === 0) text += 'L';
    else if (kind === 1) text += 'N';
    else if (kind === 2 && options.mss !== null) text += `M${hex(options.mss)}`;
    else if (kind === 3 && options.windowScale !== null) text += `W${hex(options.windowScale)}`;
    else if (kind === 4) text += 'S';
    else if (kind === 8 && options.timestamp !== null)
      text += `T${options.timestamp.value === 0 ? 0 : 1}${options.timestamp.echo === 0 ? 0 : 1}`;
  }
  return text;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}
