/**
 * Cuts captures between frames, as a capturer does that writes a ring: each piece is a capture of its own. Written after the drafts of
 * pcap and pcapng, and from nothing in src/.
 */
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;

interface Piece {
  /** Whether the reader gives it a number. */
  readonly isFrame: boolean;
  readonly bytes: Uint8Array;
  /** What a file that begins here begins with. */
  readonly head: Uint8Array;
}

/** Null where it is not one that can be cut: compressed, damaged, or no capture. */
export function cutCapture(
  bytes: Uint8Array,
): { readonly frames: number; at(cuts: readonly number[]): Uint8Array[] } | null {
  const pieces = bytes[0] === 0x0a ? blocksOf(bytes) : recordsOf(bytes);
  if (pieces === null || pieces.length === 0) return null;
  const firsts = pieces.flatMap(({ isFrame }, index) => (isFrame ? [index] : []));
  return {
    frames: firsts.length,
    /** `cuts`: frames, counted from 0, before which a new file begins; ascending. */
    at(cuts) {
      const starts = [0, ...cuts.map((cut) => firsts[cut]!)];
      return starts.map((start, index) => {
        const part = pieces.slice(start, starts[index + 1] ?? pieces.length);
        const head = start === 0 ? [] : [pieces[start]!.head];
        return Buffer.concat([...head, ...part.map((piece) => piece.bytes)]);
      });
    },
  };
}

function recordsOf(bytes: Uint8Array): Piece[] | null {
  if (bytes.length < 24) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  const little = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34].includes(magic);
  const plain = little ? magic : view.getUint32(0, false);
  if (![0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34].includes(plain)) return null;
  const headerLength = plain === 0xa1b2cd34 ? 24 : 16;
  const head = bytes.subarray(0, 24);
  const pieces: Piece[] = [{ isFrame: false, bytes: head, head }];
  for (let at = 24; at < bytes.length; ) {
    if (at + headerLength > bytes.length) return null;
    const end = at + headerLength + view.getUint32(at + 8, little);
    if (end > bytes.length) return null;
    pieces.push({ isFrame: true, bytes: bytes.subarray(at, end), head });
    at = end;
  }
  return pieces;
}

function blocksOf(bytes: Uint8Array): Piece[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Piece[] = [];
  let little = true;
  let section: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 12 > bytes.length) return null;
    if (view.getUint32(at, true) === SECTION_HEADER) little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
    const type = view.getUint32(at, little);
    const stated = view.getUint32(at + 4, little);
    const length = stated + (-stated & 3);
    if (length < 12 || at + length > bytes.length) return null;
    const block = bytes.subarray(at, at + length);
    const head = Buffer.concat(section);
    if (type === SECTION_HEADER) section = [block];
    else if (type === INTERFACE) section.push(block);
    // Enhanced, simple and obsolete packet blocks.
    pieces.push({ isFrame: type === 6 || type === 3 || type === 2, bytes: block, head });
    at += length;
  }
  return pieces;
}
