import { type ObservationStream, SPOOL, type StreamKind } from '../../fleet/streams.ts';
import { explain, type QueuePlace } from '../../sweep/nats.ts';
import { Outlet, type OutletListener } from './outlet.ts';

/** Records that wait in memory while nobody takes them; what comes then is refused, and counted. */
const MOST_WAITING = 10_000;
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
/** Of what is on its way at a time. */
const BATCH_BYTES = 1 << 18;

const FULL = 'it is full';

export interface FleetOutletOptions {
  readonly place: QueuePlace;
  readonly kind: StreamKind;
  readonly subject: string;
  readonly listener: OutletListener;
}

/** Records of a sensor on their way into a stream: the hub's, or the spool's, which refuses when it is full. */
export class FleetOutlet extends Outlet {
  readonly #options: FleetOutletOptions;
  readonly #ids = new WeakMap<Uint8Array, string>();
  #stream: ObservationStream | null;
  #waiting = 0;
  #isSending = false;
  #isEnded = false;

  constructor(name: string, stream: ObservationStream, options: FleetOutletOptions) {
    super(name, options.listener, MOST_WAITING_BYTES);
    this.#options = options;
    this.#stream = stream;
  }

  get stream(): ObservationStream | null {
    return this.#stream;
  }

  protected send(): void {
    if (this.#isSending || !this.waits) return;
    this.#isSending = true;
    void this.#sendAll().finally(() => {
      this.#isSending = false;
    });
  }

  putRecord(bytes: Uint8Array, id: string): void {
    this.#ids.set(bytes, id);
    const before = this.lost;
    this.put(bytes);
    if (this.lost === before) this.#waiting++;
    // Whether there is room again only a record can tell.
    if (this.reason === FULL) this.flush();
  }

  /** One that can never be taken. */
  refuse(): void {
    this.lost++;
  }

  protected override canTake(length: number): boolean {
    return this.#waiting < MOST_WAITING && super.canTake(length);
  }

  protected end(): void {
    this.#isEnded = true;
  }

  async closeStream(): Promise<void> {
    await this.#stream?.close();
    this.#stream = null;
  }

  async #sendAll(): Promise<void> {
    const { kind, subject } = this.#options;
    while (this.waits && !this.#isEnded) {
      const stream = this.#stream;
      if (stream === null) return;
      const records = this.peek(BATCH_BYTES);
      const said = await Promise.all(
        records.map(({ bytes }) => stream.publish(subject, bytes, this.#ids.get(bytes) ?? '')),
      );
      if (this.#isEnded) return;
      let failure: string | null = null;
      for (const storing of said) {
        if (storing === 'stored') this.#takenOne(true);
        else if (storing === 'full' && kind === SPOOL) {
          // It is there to be full: what came first stays.
          this.#takenOne(false);
          this.lost++;
          failure = FULL;
        } else {
          // Those behind it are sent again too, and known by their ids.
          failure = storing === 'full' ? 'its stream is full' : storing.error;
          break;
        }
      }
      if (failure === null) this.recover();
      else {
        this.fail(failure);
        if (kind === SPOOL && /no stream/.test(failure)) await this.#makeAnew(stream);
        if (failure !== FULL) return;
      }
    }
  }

  #takenOne(isWritten: boolean): void {
    this.#waiting--;
    this.taken(1, isWritten);
  }

  /** Somebody deleted it. */
  async #makeAnew(stream: ObservationStream): Promise<void> {
    try {
      await stream.setUp();
    } catch (error) {
      this.fail(explain(error as Error));
    }
  }
}
