import { closeSync, openSync, writeSync } from 'node:fs';

const BUFFER_BYTES = 4 << 20;
/** Headers, padding and trailer of a pcapng block. */
const BLOCK_ROOM = 64;

/**
 * Writes a capture as fast as Node can: records are built in one big buffer, in place. Little-endian.
 *
 * `const at = file.begin(wireLength)` says where to put the frame (zero bytes there are not to be relied on);
 * `file.end(seconds, nanos)` completes the record, cut to the snap length.
 */
export class CaptureFile {
  /** @param {string} path @param {{format?: 'pcap' | 'pcapng', nano?: boolean, snapLength?: number}} [options] */
  constructor(path, { format = 'pcap', nano = false, snapLength = 262144 } = {}) {
    this.pcapng = format === 'pcapng';
    this.nano = nano;
    this.snapLength = snapLength;
    this.buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    this.used = 0;
    this.frames = 0;
    this.bytes = 0;
    this.descriptor = openSync(path, 'w');
    this.wireLength = 0;
    if (this.pcapng) this.#writePcapngHeader();
    else this.#writePcapHeader();
  }

  begin(wireLength) {
    if (this.used + wireLength + BLOCK_ROOM > BUFFER_BYTES) this.#flush();
    this.wireLength = wireLength;
    return this.used + (this.pcapng ? 28 : 16);
  }

  end(seconds, nanos) {
    const captured = Math.min(this.wireLength, this.snapLength);
    const { buffer } = this;
    let at = this.used;
    if (this.pcapng) {
      // Enhanced Packet Block; if_tsresol is 9 (nanoseconds) or its default of 6.
      const padded = (captured + 3) & ~3;
      const ticks = this.nano ? BigInt(seconds) * 1_000_000_000n + BigInt(nanos) : null;
      const micros = seconds * 1e6 + Math.floor(nanos / 1000);
      buffer.writeUInt32LE(6, at);
      buffer.writeUInt32LE(32 + padded, at + 4);
      buffer.writeUInt32LE(0, at + 8);
      buffer.writeUInt32LE(ticks === null ? Math.floor(micros / 2 ** 32) : Number(ticks >> 32n), at + 12);
      buffer.writeUInt32LE(ticks === null ? micros % 2 ** 32 : Number(ticks & 0xffffffffn), at + 16);
      buffer.writeUInt32LE(captured, at + 20);
      buffer.writeUInt32LE(this.wireLength, at + 24);
      buffer.fill(0, at + 28 + captured, at + 28 + padded);
      buffer.writeUInt32LE(32 + padded, at + 28 + padded);
      at += 32 + padded;
    } else {
      buffer.writeUInt32LE(seconds, at);
      buffer.writeUInt32LE(this.nano ? nanos : Math.floor(nanos / 1000), at + 4);
      buffer.writeUInt32LE(captured, at + 8);
      buffer.writeUInt32LE(this.wireLength, at + 12);
      at += 16 + captured;
    }
    this.used = at;
    this.frames++;
  }

  close() {
    this.#flush();
    closeSync(this.descriptor);
  }

  #flush() {
    let at = 0;
    while (at < this.used) at += writeSync(this.descriptor, this.buffer, at, this.used - at);
    this.bytes += this.used;
    this.used = 0;
  }

  #writePcapHeader() {
    const { buffer } = this;
    buffer.writeUInt32LE(this.nano ? 0xa1b23c4d : 0xa1b2c3d4, 0);
    buffer.writeUInt16LE(2, 4);
    buffer.writeUInt16LE(4, 6);
    buffer.writeUInt32LE(0, 8);
    buffer.writeUInt32LE(0, 12);
    buffer.writeUInt32LE(this.snapLength, 16);
    buffer.writeUInt32LE(1, 20);
    this.used = 24;
  }

  #writePcapngHeader() {
    const { buffer } = this;
    // Section Header Block, then one Interface Description Block.
    const words = [0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00000001, 0xffffffff, 0xffffffff, 28];
    const options = this.nano ? [0x00010009, 0x00000009, 0] : [];
    const length = 20 + options.length * 4;
    words.push(1, length, 1, this.snapLength, ...options, length);
    for (const [index, word] of words.entries()) buffer.writeUInt32LE(word >>> 0, index * 4);
    this.used = words.length * 4;
  }
}
