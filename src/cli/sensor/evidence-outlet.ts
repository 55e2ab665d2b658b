import type { EvidenceWriter } from '../../analysis/evidence.ts';
import {
  type InterfaceStatistics,
  interfaceBlock,
  packetBlock,
  sectionHeader,
  statisticsBlock,
  type WritableFrame,
} from '../../capture/format/pcapng-blocks.ts';
import type { CaptureInterface } from '../../capture/source.ts';
import type { FileOutlet, FileOutletOptions } from './file-outlet.ts';
import type { Outlets } from './outlets.ts';

/** What is known of the capture when a file is closed, beside what this outlet knows. */
export type CaptureCounters = Pick<InterfaceStatistics, 'received' | 'dropped' | 'systemDropped'>;

/** The evidence file of a live run: what is written by PcapngWriter elsewhere, in batches, and through trouble. */
export class EvidenceOutlet implements EvidenceWriter {
  readonly #outlet: FileOutlet;
  readonly #interfaces = new Map<CaptureInterface, { readonly id: number; readonly preambles: number }>();
  #lastSeconds = 0;
  #lastNanos = 0;
  #counters: () => CaptureCounters | null = () => null;

  /** Throws CliError where the file cannot be made. */
  constructor(path: string, outlets: Outlets, options: Pick<FileOutletOptions, 'rotation'> = {}) {
    this.#outlet = outlets.openFile(path, options);
    this.#outlet.addPreamble(sectionHeader);
    this.#outlet.endWith(() => this.#statistics());
  }

  get path(): string {
    return this.#outlet.name;
  }

  /** Frames written. */
  get frames(): number {
    return this.#outlet.written;
  }

  get files(): number {
    return this.#outlet.opened;
  }

  /** Of what the last block of each file tells. */
  countBy(counters: () => CaptureCounters): void {
    this.#counters = counters;
  }

  write(frame: WritableFrame, from: CaptureInterface, comment: string | null): void {
    let known = this.#interfaces.get(from);
    if (known === undefined) {
      known = { id: this.#interfaces.size, preambles: this.#outlet.addPreamble(() => interfaceBlock(from)) };
      this.#interfaces.set(from, known);
    }
    this.#lastSeconds = frame.seconds;
    this.#lastNanos = frame.nanos;
    this.#outlet.put(packetBlock(known.id, frame, from, comment), known.preambles);
  }

  /** Throws CliError where frames were lost. */
  close(): Promise<void> {
    return this.#outlet.close();
  }

  #statistics(): Buffer | null {
    const counters = this.#counters();
    const [first] = this.#interfaces;
    if (counters === null || first === undefined) return null;
    const [{ timeDigits }, { id }] = first;
    const lost = counters.dropped + this.#outlet.lost;
    return statisticsBlock(id, {
      seconds: this.#lastSeconds,
      nanos: this.#lastNanos,
      timeDigits,
      ...counters,
      dropped: lost,
      delivered: this.frames,
      comment:
        lost === 0
          ? null
          : `portzero: ${lost} frames of flagged exchanges are in no file: they had gone, or there was no room`,
    });
  }
}
