/**
 * Builds capture files from field objects, after the diagrams of the pcap and pcapng drafts and from nothing in src/, so that
 * a wrong constant in a reader cannot agree with itself. Every length can be overruled to build damage.
 */

/** 'little' or 'big': the byte order that the file, or the section, is written in. */
export type Endian = 'little' | 'big';

/** Joins pieces; a number is one byte. */
export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

function integer(value: bigint, size: number, endian: Endian): number[] {
  const bytes = Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
  return endian === 'little' ? bytes : bytes.reverse();
}
const u16 = (value: number, endian: Endian) => integer(BigInt(value), 2, endian);
const u32 = (value: number, endian: Endian) => integer(BigInt(value), 4, endian);
const u64 = (value: bigint, endian: Endian) => integer(BigInt.asUintN(64, value), 8, endian);

/** `size` bytes that differ from each other and, by `seed`, from those of other frames. */
export function payload(size: number, seed = 0): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed * 13 + 1) & 0xff);
}

export interface PcapRecord {
  seconds?: number;
  /** Micro- or nanoseconds, as the magic says. */
  fraction?: number;
  bytes?: Uint8Array;
  capturedLength?: number;
  wireLength?: number;
}

export interface PcapOptions {
  endian?: Endian;
  /** Default 0xa1b2c3d4: microseconds. */
  magic?: number;
  major?: number;
  minor?: number;
  snapLength?: number;
  /** All 32 bits of the field, with its FCS and class bits. */
  linkType?: number;
  /** Bytes after each record header: the modified format has 8. */
  extraHeader?: readonly number[];
}

export const MICRO = 0xa1b2c3d4;
export const NANO = 0xa1b23c4d;
export const MODIFIED = 0xa1b2cd34;

/** A classic pcap file. */
export function pcap(records: readonly PcapRecord[], options: PcapOptions = {}): Uint8Array<ArrayBuffer> {
  const endian = options.endian ?? 'little';
  const magic = options.magic ?? MICRO;
  const extra = options.extraHeader ?? (magic === MODIFIED ? [1, 0, 0, 0, 0, 8, 4, 0] : []);
  return join(
    u32(magic, endian),
    u16(options.major ?? 2, endian),
    u16(options.minor ?? 4, endian),
    u32(0, endian),
    u32(0, endian),
    u32(options.snapLength ?? 262144, endian),
    u32(options.linkType ?? 1, endian),
    ...records.map((record) => {
      const bytes = record.bytes ?? new Uint8Array(0);
      const captured = record.capturedLength ?? bytes.length;
      return join(
        u32(record.seconds ?? 0, endian),
        u32(record.fraction ?? 0, endian),
        u32(captured, endian),
        u32(record.wireLength ?? captured, endian),
        extra,
        bytes,
      );
    }),
  );
}

/** [code, value]: the value is padded and the end of options added. */
export type Option = readonly [code: number, value: Uint8Array | readonly number[]];

/** Builds the blocks of one pcapng section in one byte order. */
export function pcapngBlocks(endian: Endian = 'little') {
  const pad = (length: number) => new Uint8Array((4 - (length % 4)) % 4);
  const options = (list: readonly Option[]) =>
    list.length === 0
      ? new Uint8Array(0)
      : join(
          ...list.map(([code, value]) => join(u16(code, endian), u16(value.length, endian), value, pad(value.length))),
          [0, 0, 0, 0],
        );
  /** Any block; `head` and `tail` overrule the two total lengths. */
  const block = (type: number, body: Uint8Array, head?: number, tail?: number) => {
    const padded = join(body, pad(body.length));
    const total = padded.length + 12;
    return join(u32(type, endian), u32(head ?? total, endian), padded, u32(tail ?? head ?? total, endian));
  };
  const ticks = (time: bigint) => {
    const whole = BigInt.asUintN(64, time);
    return join(u32(Number(whole >> 32n), endian), u32(Number(whole & 0xffffffffn), endian));
  };
  return {
    block,
    u16: (value: number) => u16(value, endian),
    u32: (value: number) => u32(value, endian),
    u64: (value: bigint) => u64(value, endian),
    section: (
      fields: {
        major?: number;
        minor?: number;
        sectionLength?: bigint;
        magic?: number;
        options?: readonly Option[];
      } = {},
    ) =>
      block(
        0x0a0d0d0a,
        join(
          u32(fields.magic ?? 0x1a2b3c4d, endian),
          u16(fields.major ?? 1, endian),
          u16(fields.minor ?? 0, endian),
          u64(fields.sectionLength ?? -1n, endian),
          options(fields.options ?? []),
        ),
      ),
    interface: (fields: { linkType?: number; snapLength?: number; options?: readonly Option[] } = {}) =>
      block(
        1,
        join(
          u16(fields.linkType ?? 1, endian),
          [0, 0],
          u32(fields.snapLength ?? 0, endian),
          options(fields.options ?? []),
        ),
      ),
    /** Enhanced packet block; `time` in ticks of the interface. */
    enhanced: (fields: {
      interfaceId?: number;
      time?: bigint;
      bytes: Uint8Array;
      capturedLength?: number;
      wireLength?: number;
      options?: readonly Option[];
    }) =>
      block(
        6,
        join(
          u32(fields.interfaceId ?? 0, endian),
          ticks(fields.time ?? 0n),
          u32(fields.capturedLength ?? fields.bytes.length, endian),
          u32(fields.wireLength ?? fields.bytes.length, endian),
          fields.bytes,
          pad(fields.bytes.length),
          options(fields.options ?? []),
        ),
      ),
    simple: (fields: { bytes: Uint8Array; wireLength?: number }) =>
      block(3, join(u32(fields.wireLength ?? fields.bytes.length, endian), fields.bytes)),
    /** The obsolete packet block, type 2. */
    obsolete: (fields: {
      interfaceId?: number;
      drops?: number;
      time?: bigint;
      bytes: Uint8Array;
      wireLength?: number;
      options?: readonly Option[];
    }) =>
      block(
        2,
        join(
          u16(fields.interfaceId ?? 0, endian),
          u16(fields.drops ?? 0xffff, endian),
          ticks(fields.time ?? 0n),
          u32(fields.bytes.length, endian),
          u32(fields.wireLength ?? fields.bytes.length, endian),
          fields.bytes,
          pad(fields.bytes.length),
          options(fields.options ?? []),
        ),
      ),
    statistics: (fields: { interfaceId?: number; options?: readonly Option[] }) =>
      block(5, join(u32(fields.interfaceId ?? 0, endian), u64(0n, endian), options(fields.options ?? []))),
    nameResolution: () =>
      block(
        4,
        join(
          u16(1, endian),
          u16(14, endian),
          [192, 0, 2, 1],
          new TextEncoder().encode('host.test\0'),
          [0, 0],
          [0, 0, 0, 0],
        ),
      ),
    /** Custom block that may be copied; the private enterprise number is the one of documentation (RFC 5612). */
    custom: (data: Uint8Array, enterprise = 32473) => block(0xbad, join(u32(enterprise, endian), data)),
    journal: (text: string) => block(9, new TextEncoder().encode(text)),
    /** Decryption secrets: a TLS key log. */
    secrets: (text: string) =>
      block(10, join(u32(0x544c534b, endian), u32(text.length, endian), new TextEncoder().encode(text))),
  };
}
