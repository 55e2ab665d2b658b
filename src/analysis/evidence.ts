/**
 * The frames that findings are about, kept for Wireshark: each with a comment that says why it is there. Of a file they are
 * read a second time; what goes by only once is held until it is known whether it matters.
 */

import type { WritableFrame } from '../capture/format/pcapng-blocks.ts';
import type { PcapngWriter } from '../capture/format/pcapng-writer.ts';
import type { CaptureInterface, Frame, FrameSource } from '../capture/source.ts';
import type { AnalysisReport, ExchangeReport, FindingReport } from '../report/model/types.ts';
import { escapeForTerminal } from '../words/escape.ts';
import { FrameRing } from './frame-ring.ts';
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
export const DEFAULT_EVIDENCE_BYTES = 64 * 1024 * 1024;

/** How long a flagged frame waits for what is yet to be known of its exchange; a kill loses no more than that. */
const PATIENCE_MILLIS = 750;
const LOOK_MILLIS = 250;
/** Frames that wait; beyond that the oldest is written at once. Their comments are what costs. */
const MAX_DUE = 100_000;

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
  readonly #ring: FrameRing;
  /** Rules that have fired, by exchange that has not settled. Lists of the same rules are one. */
  readonly #rules = new Map<number, readonly string[]>();
  readonly #lists = new Map<string, readonly string[]>();
  /** What is to be written of a flagged frame that has to go before its exchange has settled. */
  readonly #comments = new Map<number, string>();
  /** Flagged frames in the order in which they were, and when; those that were written meanwhile are passed over. */
  #due: { readonly frame: number; readonly flagged: number }[] = [];
  #dueHead = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(source: FrameSource, writers: readonly EvidenceWriter[], bound = DEFAULT_EVIDENCE_BYTES) {
    this.#source = source;
    this.#writers = new Set(writers);
    this.#ring = new FrameRing(bound, (number) => this.#let(number));
  }

  /** Bytes of frames that are held. */
  get bytes(): number {
    return this.#ring.bytes;
  }

  readonly onFrame = (frame: Frame): void => this.#ring.push(frame);

  finding(finding: FindingReport, exchange: ExchangeReport | null): void {
    if (exchange !== null) {
      const rules = this.#listOf([...(this.#rules.get(exchange.id) ?? []), finding.ruleId]);
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
      if (this.#ring.has(frame)) this.#let(frame, describeFrame(frame, exchange, rules));
      else if (!this.#ring.wasWritten(frame)) this.missing++;
    }
  }

  /** Writes what was flagged and belongs to no exchange; call it when the analysis has ended. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#letDue(Number.POSITIVE_INFINITY);
  }

  #listOf(rules: readonly string[]): readonly string[] {
    const name = rules.join();
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    this.#lists.set(name, rules);
    return rules;
  }

  #flag(frame: number, comment: string): void {
    if (!this.#ring.has(frame)) return;
    this.#comments.set(frame, comment);
    if (!this.#ring.flag(frame)) return;
    this.#due.push({ frame, flagged: performance.now() });
    if (this.#due.length - this.#dueHead > MAX_DUE) this.#let(this.#due[this.#dueHead++]!.frame);
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MILLIS).unref();
  }

  #look(): void {
    this.#letDue(performance.now() - PATIENCE_MILLIS);
    this.#timer = this.#due.length === 0 ? null : setTimeout(() => this.#look(), LOOK_MILLIS).unref();
  }

  /** Lets all go that were flagged before that time. */
  #letDue(before: number): void {
    while (this.#dueHead < this.#due.length && this.#due[this.#dueHead]!.flagged <= before) {
      this.#let(this.#due[this.#dueHead++]!.frame);
    }
    this.#due = this.#due.slice(this.#dueHead);
    this.#dueHead = 0;
  }

  /** Lets a flagged frame go into the files, by default with what was known when it was flagged. */
  #let(number: number, comment = this.#comments.get(number)): void {
    this.#comments.delete(number);
    const frame = comment === undefined ? null : this.#ring.read(number);
    if (frame === null) return;
    this.#ring.letGo(number);
    const from = this.#source.interfaces[frame.interfaceIndex]!;
    for (const writer of this.#writers) {
      try {
        writer.write(frame, from, comment!);
      } catch (error) {
        // A full disk is no reason to stop.
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
