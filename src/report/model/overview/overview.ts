/** When all exchanges with port 0 were, and between whom: what a report says of those too that it does not list. */

import { formatAddress } from '../../../decode/address.ts';
import { ADDRESS_WORDS } from '../../../engine/window/address-table.ts';
import { type Exchange, NO_TIME, VERDICTS } from '../../../track/exchange.ts';
import { formatTime } from '../time.ts';
import type { TimelineReport, TopEndsReport, TopReport, VerdictShares } from '../types.ts';
import { addressOf, EndSketch, type EndSketchState, mergeEndSketches } from './end-sketch.ts';
import { FINEST, TimeBins, type TimeBinsState } from './time-bins.ts';

/** Ends of each side that a report lists. */
const LISTED_ENDS = 100;

/** Plain data, that a worker can hand over. */
export interface OverviewState {
  readonly bins: TimeBinsState;
  readonly untimed: number;
  readonly sources: EndSketchState;
  readonly targets: EndSketchState;
}

export class Overview {
  readonly #bins = new TimeBins();
  readonly #sources = new EndSketch();
  readonly #targets = new EndSketch();
  #untimed = 0;

  /** Of its opening, which is words: of a flood each exchange comes here. */
  addExchange({ verdict, opening }: Exchange): void {
    const index = VERDICTS.indexOf(verdict);
    const { words, client, server, isIpv6, seconds, nanos, digits } = opening;
    if (digits === NO_TIME) this.#untimed++;
    else this.#bins.add(seconds, nanos, index);
    this.#sources.addAddress(words, client, isIpv6, index);
    this.#targets.addAddress(words, server, isIpv6, index);
  }

  /**
   * Counts an exchange with port 0. `verdict` is an index of VERDICTS; `seconds` is NaN where there is no time; the words from
   * `at` on are its ends, the client's and then the server's: the length of an address, and its ADDRESS_WORDS - 1 words.
   */
  add(verdict: number, seconds: number, nanos: number, words: Int32Array | Uint32Array, at: number): void {
    if (Number.isNaN(seconds)) this.#untimed++;
    else this.#bins.add(seconds, nanos, verdict);
    this.#sources.add(words, at, verdict);
    this.#targets.add(words, at + ADDRESS_WORDS, verdict);
  }

  state(): OverviewState {
    return {
      bins: this.#bins.state(),
      untimed: this.#untimed,
      sources: this.#sources.state(),
      targets: this.#targets.state(),
    };
  }
}

/** What all inputs came to, in their order; null is an input without port 0. */
export function describeOverview(states: readonly (OverviewState | null)[]): {
  readonly timeline: TimelineReport;
  readonly top: TopReport;
} {
  const present = states.filter((state) => state !== null);
  const bins = new TimeBins();
  for (const state of present) bins.merge(state.bins);
  const untimed = present.reduce((sum, state) => sum + state.untimed, 0);
  return {
    timeline: describeBins(bins.state(), untimed),
    top: {
      sources: describeEnds(mergeEndSketches(present.map(({ sources }) => sources))),
      targets: describeEnds(mergeEndSketches(present.map(({ targets }) => targets))),
    },
  };
}

function describeBins({ exponent, indexes, counts }: TimeBinsState, untimed: number): TimelineReport {
  return {
    binSeconds: indexes.length === 0 ? null : 2 ** exponent,
    bins: Array.from(indexes, (index, bin) => {
      const ticks = index * 2 ** (exponent - FINEST);
      const seconds = Math.floor(ticks * 2 ** FINEST);
      // Never before the bin, so that who reads it finds the bin again.
      const nanos = Math.ceil((ticks - seconds * 2 ** -FINEST) * 2 ** FINEST * 1e9);
      return {
        time: formatTime({ seconds, nanos, digits: Math.min(9, Math.max(0, -exponent)) })!,
        ...sharesAt(counts, bin),
      };
    }),
    untimed,
  };
}

function describeEnds(sketch: EndSketchState): TopEndsReport {
  const { counts, errors, verdicts, maxError } = sketch;
  return {
    // What had to leave was another one.
    distinct: { count: counts.length, atLeast: maxError > 0 },
    maxError,
    ends: Array.from(counts.subarray(0, LISTED_ENDS), (count, index) => ({
      address: formatAddress(addressOf(sketch, index)),
      ...sharesAt(verdicts, index),
      count,
      error: errors[index]!,
    })),
  };
}

/** The counts of one end or bin: of verdicts only those that there are. */
function sharesAt(counts: Float64Array, index: number): { readonly count: number; readonly verdicts: VerdictShares } {
  const own = counts.subarray(index * VERDICTS.length, (index + 1) * VERDICTS.length);
  return {
    count: own.reduce((sum, count) => sum + count, 0),
    verdicts: Object.fromEntries(VERDICTS.flatMap((verdict, at) => (own[at]! > 0 ? [[verdict, own[at]]] : []))),
  };
}
