import { formatCount } from '../../words/numbers.ts';
import { CliError, type OutputStream } from '../io.ts';
import type { Output } from '../output.ts';

/** Hears when an output fails, once, and when it works again. */
export interface OutletListener {
  failing(outlet: Outlet, reason: string): void;
  recovered(outlet: Outlet, lost: number): void;
}

/** One record: a line of text, a packet. It is written whole or not at all. */
export interface OutletRecord {
  readonly bytes: Uint8Array;
  /** How many of the outlet's preambles a file must begin with before this record may stand in it. */
  readonly preambles: number;
}

/** Bytes that wait where they cannot be written; what comes beyond that is lost, and counted. */
const DEFAULT_WAITING_BYTES = 8 * 1024 * 1024;
/** From so many bytes on a batch goes out at once. */
const BATCH_BYTES = 1 << 18;
/** How often it is tried again where it failed, and looked whether the file is still the one that its path names. */
export const RETRY_MILLIS = 1000;
/** How long the end waits for a reader that takes nothing. */
const PATIENCE_MILLIS = 5000;

/**
 * Where the records of a run go that must not end because of it: a full disk, a closed pipe, a slow reader and a file that
 * has gone cost records, which are counted, and nothing else. Told once, and again when it works again.
 */
export abstract class Outlet {
  /** As messages name it. */
  readonly name: string;
  /** Records that were not written, and never will be. */
  lost = 0;
  written = 0;
  /** Why nothing can be written at present; null when all is well. */
  reason: string | null = null;
  protected readonly listener: OutletListener;
  protected lastWords: () => Uint8Array | null = () => null;
  readonly #bound: number;
  #queue: OutletRecord[] = [];
  #head = 0;
  #waitingBytes = 0;
  #turn: NodeJS.Immediate | null = null;
  #retry: NodeJS.Timeout | null = null;
  /** Of those that are lost, the ones that a message has told of. */
  #told = 0;
  #isClosing = false;
  #why = '';

  constructor(name: string, listener: OutletListener, bound = DEFAULT_WAITING_BYTES) {
    this.name = name;
    this.listener = listener;
    this.#bound = bound;
  }

  /** Takes a record, or counts it as lost where too much waits already. */
  put(bytes: Uint8Array, preambles = 0): void {
    if (!this.canTake(bytes.length)) {
      this.lost++;
      return;
    }
    this.#queue.push({ bytes, preambles });
    this.#waitingBytes += bytes.length;
    if (this.reason !== null) return;
    if (this.#waitingBytes >= BATCH_BYTES) this.flush();
    // With the turn of the event loop: what came in one piece goes in one, and a kill costs no more than that.
    else this.#turn ??= setImmediate(() => this.flush());
  }

  /** What a file must begin with before any record that says so, made for each anew. Gives how many there are now. */
  addPreamble(make: () => Uint8Array): number {
    // Where there is only one file to come, it is a record like the others.
    this.put(make());
    return 0;
  }

  /** What each file is to end with; null for nothing. */
  endWith(make: () => Uint8Array | null): void {
    this.lastWords = make;
  }

  /** Writes what waits, as far as it can be written now. */
  flush(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
    this.send();
  }

  /** Writes the rest, and waits for a reader as long as it goes on taking. Throws CliError where records were lost. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.flush();
    let before = -1;
    for (let since = performance.now(); this.waits && this.isHopeful; ) {
      if (this.progress !== before) {
        before = this.progress;
        since = performance.now();
      } else if (performance.now() - since > PATIENCE_MILLIS) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.flush();
    }
    if (this.reason !== null && this.waits) this.send();
    this.lost += this.#queue.length - this.#head;
    this.#queue = [];
    this.#head = 0;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.end();
    if (this.lost > 0) throw new CliError(this.describeLoss());
  }

  describeLoss(): string {
    const why = this.reason ?? this.#why;
    return `cannot write ${this.name}${why === '' ? '' : `: ${why}`}: ${formatCount(this.lost, 'record')} lost`;
  }

  /** Whether records wait to be written. */
  get waits(): boolean {
    return this.#head < this.#queue.length;
  }

  protected get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Grows as the reader takes. */
  protected get progress(): number {
    return this.written;
  }

  /** Whether waiting may help at the end. */
  protected get isHopeful(): boolean {
    return this.reason === null;
  }

  /** Writes as many of the records that wait as it can. */
  protected abstract send(): void;

  /** Lets go of what it holds. */
  protected abstract end(): void;

  /** Whether there is room for so many bytes more. What comes at the end is small, and is not refused. */
  protected canTake(length: number): boolean {
    return this.#isClosing || this.#waitingBytes + length <= this.#bound || !this.waits;
  }

  /** The next record, and more up to some bytes; they stay first in line until `taken` is told. */
  protected peek(bytes: number): readonly OutletRecord[] {
    let end = this.#head;
    for (let sum = 0; end < this.#queue.length; end++) {
      sum += this.#queue[end]!.bytes.length;
      if (sum > bytes && end > this.#head) break;
    }
    return this.#queue.slice(this.#head, end);
  }

  /** So many of the first records have been written. */
  protected taken(count: number, isWritten = true): void {
    for (let left = count; left > 0; left--) this.#waitingBytes -= this.#queue[this.#head++]!.bytes.length;
    if (isWritten) this.written += count;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Tells a failure once, and tries again in a while. */
  protected fail(reason: string): void {
    if (this.reason === null) {
      // What follows is of the same trouble: a file that was removed, and its folder with it.
      this.#why = reason;
      this.reason = reason;
      this.listener.failing(this, reason);
    }
    if (this.#isClosing || !this.canRecover) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.send();
    }, RETRY_MILLIS).unref();
  }

  protected get canRecover(): boolean {
    return true;
  }

  protected recover(): void {
    if (this.reason === null) return;
    this.reason = null;
    this.listener.recovered(this, this.lost - this.#told);
    this.#told = this.lost;
  }
}

/** How long a reader may take nothing until that is told. */
const SLOW_MILLIS = 1000;

const GONE = 'its reader has gone';

/** A pipe, a terminal or a socket. */
export class StreamOutlet extends Outlet {
  readonly #stream: OutputStream;
  readonly #onGone: () => boolean;
  #isQuiet = false;
  #inFlight = 0;
  #isGone = false;
  #sent = 0;
  #since = 0;
  #watch: NodeJS.Timeout | null = null;

  /** `onGone` hears that the reader has gone, which nothing brings back, and says whether that is a matter of course. */
  constructor(name: string, stream: OutputStream, listener: OutletListener, onGone: () => boolean, bound?: number) {
    super(name, listener, bound);
    this.#stream = stream;
    this.#onGone = onGone;
    stream.on('error', (error) => this.#lose(error));
  }

  override async close(): Promise<void> {
    if (!this.#isQuiet) await super.close();
    else this.end();
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  protected override get canRecover(): boolean {
    return !this.#isGone;
  }

  protected override get isHopeful(): boolean {
    return !this.#isGone;
  }

  protected override get progress(): number {
    return this.#sent;
  }

  override get waits(): boolean {
    return super.waits || this.#inFlight > 0;
  }

  protected override canTake(length: number): boolean {
    return !this.#isGone && super.canTake(length);
  }

  protected send(): void {
    if (this.#isGone || this.#inFlight > 0) return;
    const records = this.peek(BATCH_BYTES / 4);
    if (records.length === 0) return;
    this.#inFlight = records.length;
    this.#since = performance.now();
    this.#watch ??= setInterval(() => this.#look(), SLOW_MILLIS / 2).unref();
    this.#stream.write(Buffer.concat(records.map(({ bytes }) => bytes)), (error) => {
      this.#inFlight = 0;
      if (error != null) {
        this.#lose(error);
        return;
      }
      this.#sent++;
      this.taken(records.length);
      this.recover();
      this.send();
    });
  }

  protected end(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
    // What the reader has not taken by now must not keep the process.
    if (this.#inFlight > 0) (this.#stream as Partial<NodeJS.WriteStream>).destroy?.();
  }

  /** A reader that takes nothing is told when records are lost by it: until then it is just slow. */
  #look(): void {
    if (this.#inFlight > 0 && this.lost > 0 && performance.now() - this.#since > SLOW_MILLIS)
      this.fail('its reader takes nothing');
  }

  #lose(error: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#inFlight = 0;
    const isClosed = (error as NodeJS.ErrnoException).code === 'EPIPE';
    // Of a pipe's end (`| head`) nobody is to be told.
    this.#isQuiet = this.#onGone() && isClosed;
    if (this.#isQuiet) this.reason = GONE;
    else this.fail(isClosed ? GONE : error.message);
  }
}

/**
 * An outlet as a report sees it: text in lines, each of which is a record. What is written before `begin` is the head that
 * each of its files has.
 */
export function outletOutput(outlet: Outlet, path: string | null): Output {
  let line = '';
  let heads = 0;
  let hasBegun = false;
  const push = (text: string) => {
    line += text;
    if (!line.endsWith('\n')) return;
    const bytes = Buffer.from(line);
    line = '';
    if (hasBegun) outlet.put(bytes, heads);
    else heads = outlet.addPreamble(() => bytes);
  };
  return {
    path,
    write: push,
    begin() {
      hasBegun = true;
    },
    enclose(head, foot) {
      heads = outlet.addPreamble(() => Buffer.from(head()));
      outlet.endWith(() => Buffer.from(foot()));
    },
    async flush() {},
    async close() {
      if (line !== '') push('\n');
      await outlet.close();
    },
    abandon: () => '',
  };
}
