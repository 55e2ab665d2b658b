/**
 * The frames that findings are about, kept for Wireshark: each with a comment that says why it is there. Of a file they are
 * read a second time; what goes by only once is held until it is known whether it matters.
 */

import type { WritableFrame } from '../capture/format/pcapng-blocks.ts';
import type { PcapngWriter } from '../capture/format/pcapng-writer.ts';
import type { CaptureInterface, Frame, FrameSource } from '../capture/source.ts';
import type { AnalysisReport, ExchangeReport, FindingReport } from '../report/model/types.ts';
import { escapeForTerminal } from '../words/escape.ts';
import type { AnalysisSink } from './types.ts';

/** Comments by frame number, for one input of a report: the frames of its flagged exchanges and of its other findings. */
export function commentFrames(report: AnalysisReport, input: number): Map<number, string> {
  const comments = new Map<number, string>();
  const add = (frame: number, comment: string) => {
    const before = comments.get(frame);
    comments.set(frame, before === undefined ? comment : `${before}\n${comment}`);
  };
  const rulesOf = new Map<number, string[]>();
  for (const finding of report.findings) {
    if (finding.input !== input) continue;
    const { exchange, ruleId, frames } = finding;
    if (exchange !== null) rulesOf.set(exchange, [...(rulesOf.get(exchange) ?? []), ruleId]);
    else for (const frame of frames) add(frame, describeFinding(frame, finding));
  }
  for (const exchange of report.exchanges) {
    const rules = exchange.input === input ? rulesOf.get(exchange.id) : undefined;
    if (rules === undefined) continue;
    for (const frame of exchange.frames.all) add(frame, describeFrame(frame, exchange, rules));
  }
  return comments;
}

/** Reads an input once more and writes the frames that have a comment, in their order. Damage ends it as it did the first time. */
export async function writeEvidence(
  source: FrameSource,
  comments: ReadonlyMap<number, string>,
  writer: PcapngWriter,
  signal?: AbortSignal,
): Promise<void> {
  await source.run(
    (frame) => {
      const comment = comments.get(frame.number);
      if (comment !== undefined) writer.write(frame, source.interfaces[frame.interfaceIndex]!, comment);
    },
    signal === undefined ? {} : { signal },
  );
}

/** A file of evidence. */
export interface EvidenceWriter {
  readonly path: string;
  /** May throw the error of node:fs; nothing more is written there then. */
  write(frame: WritableFrame, from: CaptureInterface, comment: string | null): void;
}

/** Bytes of recent frames that a recorder holds. */
const DEFAULT_BOUND = 128 * 1024 * 1024;
/** What a frame costs beside its bytes. */
const OVERHEAD = 256;

/** How long a flagged frame waits for what is yet to be known of its exchange; a kill loses no more than that. */
const PATIENCE_MILLIS = 750;
const LOOK_MILLIS = 250;
/** Most frames that are remembered as written before their exchange settled; without, they count as missing. */
const MAX_EARLY = 2_000_000;

/** A frame whose exchange may yet be flagged, or is and has not settled. */
interface Kept {
  readonly frame: WritableFrame;
  readonly from: CaptureInterface;
  /** What is to be written when it has to go before its exchange has settled; null while nobody flagged it. */
  comment: string | null;
}

/**
 * Holds recent frames of a source that cannot be read twice, and writes those of an exchange when that settles, or soon after
 * they were flagged, or when they must make room, with what was known by then. Give `onFrame` and the sink to analyzeSource().
 */
export class EvidenceRecorder implements AnalysisSink {
  /** Frames of flagged exchanges that had gone before anything flagged them. */
  missing = 0;
  /** Why a file could not be written to its end; null when it was. */
  failure: string | null = null;
  readonly #source: FrameSource;
  readonly #writers: Set<EvidenceWriter>;
  readonly #bound: number;
  /** By number; the oldest first. */
  readonly #kept = new Map<number, Kept>();
  #bytes = 0;
  /** Rules that have fired, by exchange that has not settled. */
  readonly #rules = new Map<number, string[]>();
  /** Frames that had to be written before their exchange settled. */
  readonly #early = new Set<number>();
  /** Flagged frames, and when that was; the oldest first. */
  readonly #due = new Map<number, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(source: FrameSource, writers: readonly EvidenceWriter[], bound = DEFAULT_BOUND) {
    this.#source = source;
    this.#writers = new Set(writers);
    this.#bound = bound;
  }

  readonly onFrame = (frame: Frame): void => {
    const { bytes, offset, capturedLength, wireLength, seconds, nanos, timeDigits, fcsLength } = frame;
    const { number, interfaceIndex } = frame;
    const copy = Buffer.from(bytes.subarray(offset, offset + capturedLength));
    this.#kept.set(number, {
      frame: { bytes: copy, offset: 0, capturedLength, wireLength, seconds, nanos, timeDigits, fcsLength },
      from: this.#source.interfaces[interfaceIndex]!,
      comment: null,
    });
    this.#bytes += capturedLength + OVERHEAD;
    for (const [oldest, kept] of this.#kept) {
      if (this.#bytes <= this.#bound) break;
      this.#letEarly(oldest, kept.comment);
    }
  };

  finding(finding: FindingReport, exchange: ExchangeReport | null): void {
    if (exchange !== null) {
      const rules = [...(this.#rules.get(exchange.id) ?? []), finding.ruleId];
      this.#rules.set(exchange.id, rules);
      for (const frame of exchange.frames.all) this.#flag(frame, describeFrame(frame, exchange, rules, true));
    } else {
      for (const frame of finding.frames) this.#flag(frame, describeFinding(frame, finding));
    }
  }

  /** What was flagged without an answer has one now. */
  answered(exchange: ExchangeReport): void {
    const rules = this.#rules.get(exchange.id);
    if (rules === undefined) return;
    for (const frame of exchange.frames.all) this.#flag(frame, describeFrame(frame, exchange, rules, true));
  }

  exchange(exchange: ExchangeReport): void {
    const rules = this.#rules.get(exchange.id);
    if (rules === undefined) return;
    this.#rules.delete(exchange.id);
    for (const frame of exchange.frames.all) {
      if (this.#kept.has(frame)) this.#let(frame, describeFrame(frame, exchange, rules));
      else if (!this.#early.delete(frame)) this.missing++;
    }
  }

  /** Writes what was flagged and belongs to no exchange; call it when the analysis has ended. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const [frame, { comment }] of this.#kept) this.#let(frame, comment);
  }

  #flag(frame: number, comment: string): void {
    const kept = this.#kept.get(frame);
    if (kept === undefined) return;
    kept.comment = comment;
    if (!this.#due.has(frame)) this.#due.set(frame, performance.now());
    this.#timer ??= setTimeout(() => this.#letDue(), LOOK_MILLIS).unref();
  }

  #letDue(): void {
    const now = performance.now();
    for (const [frame, flagged] of this.#due) {
      if (now - flagged < PATIENCE_MILLIS) break;
      this.#letEarly(frame, this.#kept.get(frame)!.comment);
    }
    this.#timer = this.#due.size === 0 ? null : setTimeout(() => this.#letDue(), LOOK_MILLIS).unref();
  }

  /** Lets a frame go before its exchange has settled. */
  #letEarly(frame: number, comment: string | null): void {
    if (comment !== null) this.#early.add(frame);
    if (this.#early.size > MAX_EARLY) {
      const [oldest] = this.#early;
      if (oldest !== undefined) this.#early.delete(oldest);
    }
    this.#let(frame, comment);
  }

  /** Lets a frame go: into the file, when there is a comment. */
  #let(number: number, comment: string | null): void {
    const { frame, from } = this.#kept.get(number)!;
    this.#kept.delete(number);
    this.#due.delete(number);
    this.#bytes -= frame.capturedLength + OVERHEAD;
    if (comment === null) return;
    for (const writer of this.#writers) {
      try {
        writer.write(frame, from, comment);
      } catch (error) {
        // A full disk is no reason to stop sniffing.
        this.failure ??= `cannot write ${writer.path}: ${(error as Error).message}`;
        this.#writers.delete(writer);
      }
    }
  }
}

/** The number is that in the input: in the evidence file frames are counted anew. */
function describeFrame(frame: number, exchange: ExchangeReport, rules: readonly string[], isOpen = false): string {
  const { frames, verdict, state, reason, answeredBy } = exchange;
  const role = frame === frames.probe ? ', the opening segment' : frame === frames.answer ? ', the answer' : '';
  const by = answeredBy === null ? (isOpen && verdict === 'undecided' ? ' so far' : '') : ` by ${answeredBy}`;
  const words = reason === null ? state : `${state}, ${reason}`;
  return `portzero: frame ${frame}${role}: ${verdict}${by} (${words}); ${[...new Set(rules)].join(', ')}`;
}

function describeFinding(frame: number, { ruleId, severity, message }: FindingReport): string {
  return `portzero: frame ${frame}: ${severity} ${ruleId}: ${escapeForTerminal(message)}`;
}
