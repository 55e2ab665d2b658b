import type { CaptureErrorCode } from '../errors.ts';
import {
  type CaptureInterface,
  type Count,
  FRAME_ANYWHERE,
  FRAME_INBOUND,
  FRAME_OUTBOUND,
  FRAME_WITHOUT_TIME,
  Frame,
  type FrameHandler,
  toCount,
} from '../source.ts';
import { type Damage, frameLimit, load16, load32, type RecordReader } from './record-reader.ts';
import { MOST_SKIPPED_INTERFACES, type RecordSkipper } from './record-skipper.ts';

/*
 * pcapng, draft-ietf-opsawg-pcapng: a row of blocks, each
 *
 *    0  type      4  total length      8  body, padded to 32 bits      total length - 4  total length again
 *
 * A section header begins a section: it sets the byte order and forgets the interfaces.
 */
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
const SYSTEMD_JOURNAL = 9;
const CUSTOM = 0x0bad;
const CUSTOM_NO_COPY = 0x4000_0bad;
const SYSDIG_EVENT = 0x0204;
const SYSDIG_EVENT_2 = 0x0216;
const SYSDIG_EVENT_2_LARGE = 0x0221;
/** NetFlix's custom blocks carry TCP log state, and are the only ones that Wireshark gives no frame number. */
const ENTERPRISE_NFLX = 10949;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length, byte-order magic or the first word of the body: what a block has at least. */
const MIN_BLOCK = 12;
const MIN_SECTION_HEADER = 28;
const MIN_ENHANCED_PACKET = 32;
/** Options have 16-bit lengths but any number; 16 MiB is also where Wireshark stops believing. */
const MAX_BLOCK_EXTRA = 16 * 1024 * 1024;
/** So that a file made of nothing but interfaces cannot fill the memory. */
const MAX_INTERFACES = 65_536;
/** Half a million years either way: so far are nanoseconds since 1970, as a double, exact to 4 ms, which timers need. */
const MOST_SECONDS = 2 ** 44;

const OPTION_END = 0;
const OPTION_COMMENT = 1;
const OPTION_IF_NAME = 2;
const OPTION_IF_TSRESOL = 9;
const OPTION_IF_FCSLEN = 13;
const OPTION_IF_TSOFFSET = 14;
const OPTION_FLAGS = 2;
const OPTION_EPB_DROPCOUNT = 4;
const OPTION_EPB_PACKETID = 5;
const OPTION_ISB_IFDROP = 5;
const OPTION_ISB_OSDROP = 7;
/** Writers that cannot count fill a counter with ones: libpcap and dumpcap take UINT64_MAX for "not known". */
const NOT_KNOWN = 0xffff_ffff_ffff_ffffn;

const NAMES = new Map([
  [SECTION_HEADER, 'section header block'],
  [INTERFACE, 'interface description block'],
  [OBSOLETE_PACKET, 'packet block'],
  [SIMPLE_PACKET, 'simple packet block'],
  [INTERFACE_STATISTICS, 'interface statistics block'],
  [ENHANCED_PACKET, 'enhanced packet block'],
]);
const blockName = (type: number) => NAMES.get(type) ?? `block of type 0x${type.toString(16).padStart(8, '0')}`;

/** What the reader must know of an interface to read its packets. */
interface InterfaceState {
  /** Its number in the section, and in all sections. */
  readonly id: number;
  readonly index: number;
  readonly linkType: number;
  readonly snapLength: number;
  readonly timeDigits: number;
  readonly fcsLength: number;
  readonly frameLimit: number;
  /** Ticks a second and nanoseconds a tick, when that is a power of ten up to 10^9; else not used. */
  readonly unit: number;
  readonly tickNanos: number;
  /** Ticks whose high word is this or more need #setTimeSlowly(). */
  readonly slowFrom: number;
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: number;
  /** By the last statistics block; null when none said. */
  statisticsDrops: bigint | null;
  /** Sum of what packets said of the drops before them; null when none said. */
  packetDrops: bigint | null;
}

/** True when the bytes from `at` on begin a pcapng file: a section header, with a byte-order magic as far as it is there. */
export function isPcapngMagic(bytes: Uint8Array, at: number): boolean {
  if (load32(bytes, at, true) !== SECTION_HEADER) return false;
  if (bytes.length < at + MIN_BLOCK) return true;
  return load32(bytes, at + 8, true) === BYTE_ORDER_MAGIC || load32(bytes, at + 8, false) === BYTE_ORDER_MAGIC;
}

/** Reads pcapng. Blocks that are neither packets nor about interfaces are skipped, however long they are. */
export class PcapngReader implements RecordReader {
  readonly format = 'pcapng';
  readonly interfaces: CaptureInterface[] = [];
  readonly comments: string[] = [];
  frames = 0;
  offset = 0;
  needed = MIN_BLOCK;
  damage: Damage | null = null;

  #little = true;
  /** Offset in the input of index 0 of the buffer, and index in the buffer of the block that is being read. */
  #base = 0;
  #at = 0;
  /** The interfaces of this section, and the index of each different one: sections mostly describe the same again. */
  #section: InterfaceState[] = [];
  /** Who knows the section as it is now. */
  #configured: RecordSkipper | null = null;
  /** The interface of the last packet: most captures have one. */
  #last: InterfaceState | null = null;
  readonly #indexes = new Map<string, number>();
  #dropsBefore: Count | null = null;
  #maxBlock = MAX_BLOCK_EXTRA;
  /** Bytes still to come of a block that is skipped unread, without its second length; -1 when there is none. */
  #skip = -1;
  #skipLength = 0;
  #skipOffset = 0;
  #skipName = '';
  /** Where the next option is, and the one that #nextOption() found. */
  #optionNext = 0;
  #optionCode = 0;
  #optionStart = 0;
  #optionLength = 0;
  readonly #frame = new Frame();
  /** On the bytes of #frame: V8 turns its reads into single loads, where four bytes put together cost more. */
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** The larger of what statistics blocks and what packets say, summed over the interfaces: they count the same losses. */
  get drops(): Count | null {
    let sum = this.#dropsBefore === null ? null : BigInt(this.#dropsBefore);
    for (const { statisticsDrops, packetDrops } of this.#section) {
      if (statisticsDrops === null && packetDrops === null) continue;
      const [statistics, packets] = [statisticsDrops ?? 0n, packetDrops ?? 0n];
      sum = (sum ?? 0n) + (statistics > packets ? statistics : packets);
    }
    return sum === null ? null : toCount(sum);
  }

  read(bytes: Uint8Array, start: number, end: number, onFrame: FrameHandler, skipper?: RecordSkipper): number {
    const frame = this.#frame;
    if (frame.bytes !== bytes) {
      frame.bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    this.#base = this.offset - start;
    this.needed = MIN_BLOCK;
    let at = this.#skip >= 0 ? this.#skipOn(bytes, start, end) : start;
    while (this.#skip < 0 && this.damage === null && end - at >= MIN_BLOCK) {
      if (skipper !== undefined) {
        this.#configure(skipper);
        at = skipper.skip(at, end, this.frames);
        if (skipper.frames !== this.frames) {
          this.frames = skipper.frames;
          // A simple packet block has no time: it gets that of the packet before.
          const { seconds, nanos } = skipper.passed;
          frame.seconds = seconds;
          frame.nanos = nanos;
        }
        if (end - at < MIN_BLOCK) break;
      }
      this.#at = at;
      const type = view.getUint32(at, this.#little);
      if (type === SECTION_HEADER && !this.#setByteOrder(bytes, at)) break;
      const little = this.#little;
      // Some writers count the padding, some do not: like Wireshark, take the length to be rounded up.
      const stated = view.getUint32(at + 4, little);
      const length = stated + (-stated & 3);
      if (length < MIN_BLOCK) {
        this.#fail('bad-block', `a ${blockName(type)} says it is ${length} bytes long, expected at least ${MIN_BLOCK}`);
        break;
      }
      const isPacket = type === ENHANCED_PACKET || type === SIMPLE_PACKET || type === OBSOLETE_PACKET;
      if (!isPacket && !NAMES.has(type)) {
        if (this.#isNumbered(type, bytes, at)) this.frames++;
        this.#skip = length - 4;
        this.#skipLength = length;
        this.#skipName = blockName(type);
        this.#skipOffset = this.#base + at;
        at = this.#skipOn(bytes, at, end);
        continue;
      }
      if (length > this.#maxBlock) {
        this.#fail(
          'bad-block',
          `a ${blockName(type)} says it is ${length} bytes long, expected at most ${this.#maxBlock}`,
        );
        break;
      }
      if (end - at < length) {
        this.needed = length;
        break;
      }
      const next = at + length;
      const second = view.getUint32(next - 4, little);
      if (second !== stated && second + (-second & 3) !== length) {
        this.#fail('bad-block', `the lengths of a ${blockName(type)} differ: ${stated} before it, ${second} after it`);
        break;
      }
      if (isPacket) {
        const sound =
          type === ENHANCED_PACKET ? this.#enhancedPacket(at, length) : this.#oldPacket(type, bytes, at, next - 4);
        if (!sound) break;
        frame.number = ++this.frames;
        at = next;
        onFrame(frame);
      } else {
        const sound =
          type === INTERFACE
            ? this.#interface(bytes, at, next - 4)
            : type === SECTION_HEADER
              ? this.#sectionHeader(bytes, at, length)
              : this.#statistics(bytes, at, next - 4);
        if (!sound) break;
        at = next;
      }
    }
    this.offset = this.#base + at;
    return at;
  }

  #configure(skipper: RecordSkipper): void {
    if (this.#configured === skipper) return;
    this.#configured = skipper;
    skipper.setPcapng({
      little: this.#little,
      mostBlockLength: this.#maxBlock,
      interfaces: this.#section.slice(0, MOST_SKIPPED_INTERFACES).map((state) => ({
        index: state.index,
        linkType: state.linkType,
        fcsLength: state.fcsLength,
        timeDigits: state.timeDigits,
        limit: state.frameLimit,
        // Whole seconds beyond 2^52 are not exact here, and so are left to this reader.
        ticksPerSecond: state.slowFrom === 0 || Math.abs(state.offsetSeconds) > 2 ** 52 ? 0 : state.unit,
        offsetSeconds: state.offsetSeconds,
      })),
    });
  }

  cut(left: number): Damage | null {
    if (this.#skip >= 0) {
      const has = this.offset - this.#skipOffset + left;
      return {
        code: 'truncated-record',
        offset: this.#skipOffset,
        message: `cut short after ${has} of the ${this.#skipLength} bytes of a ${this.#skipName}`,
      };
    }
    if (left === 0) return null;
    const what = left < MIN_BLOCK ? 'a block header' : 'the block';
    const message = `cut short after ${left} of the ${this.needed} bytes of ${what}`;
    return { code: 'truncated-record', offset: this.offset, message };
  }

  /** Says what is wrong with the block at #at. */
  #fail(code: CaptureErrorCode, message: string): false {
    this.damage = { code, offset: this.#base + this.#at, message };
    return false;
  }

  /** Goes on with the block that is skipped. Its second length is checked like any other's; #skip is -1 when it is done. */
  #skipOn(bytes: Uint8Array, start: number, end: number): number {
    const here = Math.min(this.#skip, end - start);
    this.#skip -= here;
    const at = start + here;
    if (this.#skip > 0) return at;
    if (end - at < 4) {
      this.needed = 4;
      return at;
    }
    const second = load32(bytes, at, this.#little);
    if (second + (-second & 3) !== this.#skipLength) {
      const message = `the lengths of a ${this.#skipName} differ: ${this.#skipLength} before it, ${second} after it`;
      this.damage = { code: 'bad-block', offset: this.#skipOffset, message };
      return at;
    }
    this.#skip = -1;
    return at + 4;
  }

  /** The length cannot be read before the byte order; for the rest see #sectionHeader(). */
  #setByteOrder(bytes: Uint8Array, at: number): boolean {
    this.#little = bytes[at + 8] === 0x4d;
    if (load32(bytes, at + 8, this.#little) === BYTE_ORDER_MAGIC) return true;
    const magic = load32(bytes, at + 8, false)
      .toString(16)
      .padStart(8, '0');
    return this.#fail('bad-block', `a section header has the byte-order magic 0x${magic}, expected 0x1a2b3c4d`);
  }

  /** Records that Wireshark gives a frame number though they are no packets (checked with tshark 4.0 for each type). */
  #isNumbered(type: number, bytes: Uint8Array, at: number): boolean {
    switch (type) {
      case SYSTEMD_JOURNAL:
      case SYSDIG_EVENT:
      case SYSDIG_EVENT_2:
      case SYSDIG_EVENT_2_LARGE:
        return true;
      case CUSTOM:
      case CUSTOM_NO_COPY:
        return load32(bytes, at + 8, this.#little) !== ENTERPRISE_NFLX;
      default:
        return false;
    }
  }

  #sectionHeader(bytes: Uint8Array, at: number, length: number): boolean {
    if (length < MIN_SECTION_HEADER) {
      return this.#fail('bad-block', `a section header of ${length} bytes, expected at least ${MIN_SECTION_HEADER}`);
    }
    const major = load16(bytes, at + 12, this.#little);
    const minor = load16(bytes, at + 14, this.#little);
    // 1.2 is 1.0: the draft tells readers to take it so, since a writer once got it wrong.
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      return this.#fail('unsupported-version', `pcapng version ${major}.${minor}, expected 1.0`);
    }
    if (this.#base + at === 0) this.#readComments(bytes, at + 24, at + length - 4);
    // What is left of a section is what its interfaces have lost: a stream may have any number of sections.
    this.#dropsBefore = this.drops;
    this.#section = [];
    this.#configured = null;
    this.#last = null;
    this.#maxBlock = MAX_BLOCK_EXTRA;
    return true;
  }

  #interface(bytes: Uint8Array, at: number, bodyEnd: number): boolean {
    if (bodyEnd - at < 16) return this.#fail('bad-block', 'an interface description block without its fixed fields');
    if (this.#section.length === MAX_INTERFACES) return this.#failInterfaces();
    const linkType = load16(bytes, at + 8, this.#little);
    const snapLength = load32(bytes, at + 12, this.#little);
    let name: string | null = null;
    let resolution = 6;
    let fcsLength = 0;
    let offsetSeconds = 0;
    this.#optionNext = at + 16;
    while (this.#nextOption(bytes, bodyEnd)) {
      const from = this.#optionStart;
      const length = this.#optionLength;
      if (this.#optionCode === OPTION_IF_TSRESOL && length === 1) resolution = bytes[from]!;
      else if (this.#optionCode === OPTION_IF_TSOFFSET && length === 8) {
        offsetSeconds = Number(BigInt.asIntN(64, this.#load64(bytes, from)));
      } else if (this.#optionCode === OPTION_IF_FCSLEN && length === 1) {
        // The draft says bits and gives 4 as the example, Wireshark takes bytes: no link has 8 bytes or 4 bits of it.
        const value = bytes[from]!;
        fcsLength = value >= 8 ? value >>> 3 : value;
      } else if (this.#optionCode === OPTION_IF_NAME && length > 0) {
        name = new TextDecoder().decode(bytes.slice(from, from + length)).replace(/\0.*$/s, '');
      }
    }
    if (this.damage !== null) return false;
    // Bit 7: a power of two (n bits take n decimal digits), else of ten. More digits than nanoseconds have are cut off, not rounded, as Wireshark does.
    const exponent = resolution & 0x7f;
    const binary = (resolution & 0x80) !== 0;
    const timeDigits = Math.min(9, exponent);
    const isFast = !binary && exponent <= 9;
    const limit = Math.max(frameLimit(linkType), Math.min(snapLength, MAX_BLOCK_EXTRA));
    this.#maxBlock = Math.max(this.#maxBlock, limit + MAX_BLOCK_EXTRA);
    const id = this.#section.length;
    const index = this.#indexOf(id, { linkType, snapLength, timeDigits, fcsLength, name });
    if (index < 0) return this.#failInterfaces();
    const unit = isFast ? 10 ** exponent : 1;
    const state: InterfaceState = {
      id,
      index,
      linkType,
      snapLength,
      timeDigits,
      fcsLength,
      frameLimit: limit,
      unit,
      tickNanos: isFast ? 10 ** (9 - exponent) : 1,
      // A double of 64-bit ticks is off by 2^10 at most, which is less than a second from 10^4 ticks a second on.
      slowFrom: !isFast ? 0 : unit >= 10_000 ? 2 ** 32 : 2 ** 21,
      ticksPerSecond: binary ? 1n << BigInt(exponent) : 10n ** BigInt(exponent),
      offsetSeconds,
      statisticsDrops: null,
      packetDrops: null,
    };
    this.#section.push(state);
    // Of those behind the skipper's last one it knows nothing, however many there are.
    if (this.#section.length <= MOST_SKIPPED_INTERFACES) this.#configured = null;
    return true;
  }

  /** Index in `interfaces` of one with that number in its section and just these properties; -1 when there are too many. */
  #indexOf(id: number, properties: CaptureInterface): number {
    const key = JSON.stringify([id, properties]);
    let index = this.#indexes.get(key);
    if (index === undefined) {
      if (this.interfaces.length === MAX_INTERFACES) return -1;
      index = this.interfaces.push(properties) - 1;
      this.#indexes.set(key, index);
    }
    return index;
  }

  #failInterfaces(): false {
    return this.#fail(
      'bad-block',
      `interface ${MAX_INTERFACES + 1}, expected at most ${MAX_INTERFACES} different ones`,
    );
  }

  #statistics(bytes: Uint8Array, at: number, bodyEnd: number): boolean {
    if (bodyEnd - at < 20) return this.#fail('bad-block', 'an interface statistics block without its fixed fields');
    const state = this.#section[load32(bytes, at + 8, this.#little)];
    let drops: bigint | null = null;
    this.#optionNext = at + 20;
    while (this.#nextOption(bytes, bodyEnd)) {
      const isDrops = this.#optionCode === OPTION_ISB_IFDROP || this.#optionCode === OPTION_ISB_OSDROP;
      if (!isDrops || this.#optionLength !== 8) continue;
      const counter = this.#load64(bytes, this.#optionStart);
      if (counter !== NOT_KNOWN) drops = (drops ?? 0n) + counter;
    }
    if (this.damage !== null) return false;
    // Statistics run up from the start of the capture: the last block has the sum. One without them says nothing new.
    if (state !== undefined && drops !== null) state.statisticsDrops = drops;
    return true;
  }

  /** Nearly every block is one of these. */
  #enhancedPacket(at: number, length: number): boolean {
    if (length < MIN_ENHANCED_PACKET)
      return this.#fail('bad-block', 'an enhanced packet block without its fixed fields');
    const view = this.#view;
    const little = this.#little;
    const frame = this.#frame;
    const id = view.getUint32(at + 8, little);
    const state = id === this.#last?.id ? this.#last : this.#select(id);
    if (state === null) return false;
    const high = view.getUint32(at + 12, little);
    const low = view.getUint32(at + 16, little);
    const unit = state.unit;
    if (high >= state.slowFrom) this.#setTimeSlowly(state, high, low);
    else {
      // Ticks to seconds exactly and without BigInt: the double quotient is off by one at most, and the remainder,
      // between -unit and 2 * unit < 2^31, is exact modulo 2^32: its sign and size tell which way.
      let seconds = Math.floor((high * 0x1_0000_0000 + low) / unit);
      let remainder = (low - Math.imul(seconds, unit)) | 0;
      if (remainder < 0) {
        seconds--;
        remainder += unit;
      } else if (remainder >= unit) {
        seconds++;
        remainder -= unit;
      }
      this.#setTime(seconds + state.offsetSeconds, remainder * state.tickNanos);
    }
    const captured = view.getUint32(at + 20, little);
    const room = length - MIN_ENHANCED_PACKET;
    if (captured > room || captured > state.frameLimit) return this.#failLength(state, captured, room);
    frame.offset = at + 28;
    frame.capturedLength = captured;
    frame.wireLength = view.getUint32(at + 24, little);
    frame.linkType = state.linkType;
    frame.timeDigits = state.timeDigits;
    frame.fcsLength = state.fcsLength;
    frame.interfaceIndex = state.index;
    frame.direction = FRAME_ANYWHERE;
    frame.packetId = -1;
    return room - captured < 4 || this.#packetOptions(state, frame.bytes, at + 28 + captured, at + length - 4, true);
  }

  /** A simple packet block or an obsolete packet block: both rare. */
  #oldPacket(type: number, bytes: Uint8Array, at: number, bodyEnd: number): boolean {
    const little = this.#little;
    const isSimple = type === SIMPLE_PACKET;
    if (!isSimple && bodyEnd - at < 28) return this.#fail('bad-block', 'a packet block without its fixed fields');
    const state = this.#select(isSimple ? 0 : load16(bytes, at + 8, little));
    if (state === null) return false;
    const wire = load32(bytes, at + (isSimple ? 8 : 24), little);
    const snapped = state.snapLength === 0 ? wire : Math.min(wire, state.snapLength);
    const captured = isSimple ? snapped : load32(bytes, at + 20, little);
    const dataStart = at + (isSimple ? 12 : 28);
    const room = bodyEnd - dataStart;
    if (captured > room || captured > state.frameLimit) return this.#failLength(state, captured, room);
    const frame = this.#frame;
    frame.offset = dataStart;
    frame.capturedLength = captured;
    frame.wireLength = wire;
    frame.linkType = state.linkType;
    frame.timeDigits = state.timeDigits;
    frame.fcsLength = state.fcsLength;
    frame.interfaceIndex = state.index;
    frame.direction = FRAME_ANYWHERE;
    // A simple packet has no time: it keeps that of the packet before it (0 at first), and says so.
    if (isSimple) {
      frame.timeDigits = FRAME_WITHOUT_TIME;
      return true;
    }
    this.#setTimeSlowly(state, load32(bytes, at + 12, little), load32(bytes, at + 16, little));
    const drops = load16(bytes, at + 10, little);
    // 0xffff: not known.
    if (drops !== 0xffff) state.packetDrops = (state.packetDrops ?? 0n) + BigInt(drops);
    return this.#packetOptions(state, bytes, dataStart + captured, bodyEnd, false);
  }

  #select(id: number): InterfaceState | null {
    const state = this.#section[id];
    if (state !== undefined) {
      this.#last = state;
      return state;
    }
    this.#fail('bad-block', `a packet of interface ${id}, but the section has ${this.#section.length} interfaces`);
    return null;
  }

  #failLength(state: InterfaceState, captured: number, room: number): false {
    const most =
      captured > state.frameLimit ? `expected at most ${state.frameLimit}` : `but its block has room for ${room}`;
    return this.#fail('bad-record-length', `the packet says ${captured} bytes were captured, ${most}`);
  }

  /** Any unit and size. BigInt takes ten times as long, so it is for powers of two, picoseconds and times far away. */
  #setTimeSlowly(state: InterfaceState, high: number, low: number): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const nanos = Number(((ticks % state.ticksPerSecond) * 1_000_000_000n) / state.ticksPerSecond);
    this.#setTime(Number(ticks / state.ticksPerSecond) + state.offsetSeconds, nanos);
  }

  /**
   * 64 bits of seconds reach further than doubles can tell one second from the next. What lies so far away is no time: the
   * packet keeps that of the one before it, as order is all that is known, and the clocks of everybody else stay right. Before
   * the first one there is only the end of what is told apart.
   */
  #setTime(seconds: number, nanos: number): void {
    const frame = this.#frame;
    if (seconds <= MOST_SECONDS && seconds >= -MOST_SECONDS) {
      frame.seconds = seconds;
      frame.nanos = nanos;
    } else if (this.frames === 0) {
      frame.seconds = seconds > 0 ? MOST_SECONDS : -MOST_SECONDS;
      frame.nanos = 0;
    }
  }

  /** Options behind packet data that ends at `dataEnd`. Flags are the same in both blocks that have options. */
  #packetOptions(state: InterfaceState, bytes: Uint8Array, dataEnd: number, end: number, isEnhanced: boolean): boolean {
    this.#optionNext = dataEnd + ((this.#at - dataEnd) & 3);
    while (this.#nextOption(bytes, end)) {
      if (this.#optionCode === OPTION_FLAGS && this.#optionLength === 4) {
        const flags = load32(bytes, this.#optionStart, this.#little);
        // Bits 0 and 1: 1 for inbound, 2 for outbound.
        const direction = flags & 3;
        if (direction === FRAME_INBOUND || direction === FRAME_OUTBOUND) this.#frame.direction = direction;
        // Bits 5 to 8: FCS length in bytes; 0 when not known, which leaves the interface's.
        const fcsLength = (flags >>> 5) & 0xf;
        if (fcsLength !== 0) this.#frame.fcsLength = fcsLength;
      } else if (isEnhanced && this.#optionCode === OPTION_EPB_DROPCOUNT && this.#optionLength === 8) {
        const counter = this.#load64(bytes, this.#optionStart);
        if (counter !== NOT_KNOWN) state.packetDrops = (state.packetDrops ?? 0n) + counter;
      } else if (isEnhanced && this.#optionCode === OPTION_EPB_PACKETID && this.#optionLength === 8) {
        this.#frame.packetId = Number(this.#load64(bytes, this.#optionStart));
      }
    }
    return this.damage === null;
  }

  /** What is wrong with them is no damage: nothing that is read hangs on it. */
  #readComments(bytes: Uint8Array, from: number, end: number): void {
    for (let at = from; end - at >= 4; ) {
      const code = load16(bytes, at, this.#little);
      const length = load16(bytes, at + 2, this.#little);
      if (code === OPTION_END || length > end - at - 4) return;
      if (code === OPTION_COMMENT) this.comments.push(new TextDecoder().decode(bytes.slice(at + 4, at + 4 + length)));
      at += 4 + length + (-length & 3);
    }
  }

  /** Sets #option* to the option at #optionNext. False when there is none, or one that is damaged. */
  #nextOption(bytes: Uint8Array, end: number): boolean {
    const at = this.#optionNext;
    if (end - at < 4) return false;
    const code = load16(bytes, at, this.#little);
    if (code === OPTION_END) return false;
    const length = load16(bytes, at + 2, this.#little);
    if (length > end - at - 4) {
      return this.#fail('bad-block', `an option of ${length} bytes, but its block has room for ${end - at - 4}`);
    }
    this.#optionCode = code;
    this.#optionStart = at + 4;
    this.#optionLength = length;
    // The padding of a last option may be missing; then this is beyond the end, which the next call takes as the end.
    this.#optionNext = at + 4 + length + (-length & 3);
    return true;
  }

  #load64(bytes: Uint8Array, at: number): bigint {
    const first = BigInt(load32(bytes, at, this.#little));
    const second = BigInt(load32(bytes, at + 4, this.#little));
    return this.#little ? (second << 32n) | first : (first << 32n) | second;
  }
}
