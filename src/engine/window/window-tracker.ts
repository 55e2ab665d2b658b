import type { Opening, Timestamp } from '../../track/exchange.ts';
import { FrameSample } from '../frame-sample.ts';
import type { Match, RuleOptions, WindowRule } from '../types.ts';
import { ADDRESS_WORDS, AddressTable, putWords } from './address-table.ts';
import { doubled, FIRST_ROOM } from './growable.ts';
import { OpeningCounter } from './opening-counter.ts';
import { PeerCounter, PeerSet } from './peer-counter.ts';

/** Most peers or openings that a window may have to count; see WindowRule.window. */
export const MAX_WINDOW_COUNT = 100_000;

/** Sources, or targets, whose windows are kept at a time. */
const MAX_GROUPS = 16_384;
/** Openings and peers kept beyond the first of each group, over all groups: 16 and 56 bytes each. */
const MAX_HELD_OPENINGS = 2_097_152;
const MAX_HELD_PEERS = 262_144;
/** Distinct peers that the open episodes of a rule count exactly, in sum. */
const MAX_EPISODE_PEERS = 262_144;

/** A time in which a window rule matched: told when it begins (live) or once it is over. */
export interface Episode {
  readonly match: Match;
  /** The address that the openings share. */
  readonly address: Uint8Array;
  readonly first: Timestamp;
  readonly last: Timestamp;
  readonly frames: readonly number[];
  readonly framesOmitted: number;
}

interface OpenEpisode {
  /** Distinct peers since it began; null when the rule does not look at peers. */
  readonly peers: PeerSet | null;
  peersAtLeast: boolean;
  openings: number;
  readonly firstNanos: number;
  lastNanos: number;
  /** When the rule last matched. */
  matchNanos: number;
  readonly frames: FrameSample;
}

/** The window that a rule asks for. Throws RangeError when that is more than can be counted. */
export function readWindow(rule: WindowRule, options: RuleOptions): ReturnType<WindowRule['window']> {
  const window = rule.window(options);
  const { peers, openings } = window;
  if (!(peers <= MAX_WINDOW_COUNT && openings <= MAX_WINDOW_COUNT)) {
    throw new RangeError(`${rule.meta.id}: more than ${MAX_WINDOW_COUNT} peers or openings in a window`);
  }
  return window;
}

/**
 * Slides the window of one rule over the openings of each source (or at each target), exactly, in capture time. An
 * episode begins with a match and is over when there has been none for the length of the window. Memory is bounded:
 * groups that were quiet for longest are forgotten first.
 */
export class WindowTracker {
  readonly rule: WindowRule;
  /** Groups that had to be forgotten before their window was over: the rule may have missed something. */
  evicted = 0;

  readonly #byClient: boolean;
  readonly #options: RuleOptions;
  readonly #live: boolean;
  readonly #windowNanos: number;
  readonly #table: AddressTable;
  /** By slot, as all that grows with the table. */
  #lastNanos: Float64Array;
  readonly #openings: OpeningCounter | null;
  readonly #peers: PeerCounter | null;
  /** The other end of the opening at hand. */
  readonly #peer = new Int32Array(ADDRESS_WORDS);
  readonly #totals = { peers: 0, peersAtLeast: false, openings: 0, seconds: 0 };
  /** Totals with which the rule has matched. */
  #matchPeers = Number.POSITIVE_INFINITY;
  #matchOpenings = Number.POSITIVE_INFINITY;
  /** And with which it has not. */
  #missPeers = -1;
  #missOpenings = -1;
  readonly #episodes = new Map<number, OpenEpisode>();
  #episodePeers = 0;
  /** Episodes to be told by the running call; mostly empty. */
  #told: Episode[] = [];
  #nowNanos = 0;
  /** Times are kept as nanoseconds since this second, which a double holds exactly for 104 days either way. */
  #baseSeconds = Number.NaN;
  #digits = 0;

  /** `live`: episodes are told when they begin, otherwise when they are over. Throws RangeError for windows too large. */
  constructor(rule: WindowRule, options: RuleOptions, live: boolean, groups = MAX_GROUPS) {
    const { nanos, peers, openings } = readWindow(rule, options);
    this.rule = rule;
    this.#byClient = rule.by === 'client';
    this.#options = options;
    this.#live = live;
    this.#windowNanos = nanos;
    this.#table = new AddressTable(groups, 1, (slot) => this.#forget(slot));
    this.#lastNanos = new Float64Array(Math.min(FIRST_ROOM, groups));
    this.#openings = openings === 0 ? null : new OpeningCounter(groups, nanos, openings);
    this.#peers = peers === 0 ? null : new PeerCounter(groups, nanos, peers, MAX_HELD_PEERS);
  }

  /** Counts an opening to port 0. Returns the episodes that it began (live) or showed to be over: mostly none. */
  observe(opening: Opening): readonly Episode[] {
    const { words, isIpv6, seconds, nanos, digits, frame } = opening;
    const byClient = this.#byClient;
    if (Number.isNaN(this.#baseSeconds)) this.#baseSeconds = seconds;
    this.#digits = digits;
    if (this.#told.length > 0) this.#told = [];

    let now = (seconds - this.#baseSeconds) * 1e9 + nanos;
    this.#nowNanos = now;
    putWords(this.#table.key, words, byClient ? opening.client : opening.server, isIpv6);
    const slot = this.#table.claim();
    let fresh = this.#table.fresh;
    if (slot === this.#lastNanos.length) this.#lastNanos = doubled(this.#lastNanos, this.#table.capacity);
    const last = this.#lastNanos[slot]!;
    if (!fresh && now < last) {
      // Time stamps step back where interfaces or files are merged. A small step is disorder and counts as no time; after
      // a larger one the clock is another, and what was before cannot be compared.
      if (last - now <= this.#windowNanos) now = last;
      else {
        this.#reset(slot);
        fresh = true;
      }
    }
    this.#lastNanos[slot] = now;

    let episode = this.#episodes.size === 0 ? undefined : this.#episodes.get(slot);
    if (episode !== undefined && now - episode.matchNanos > this.#windowNanos) {
      this.#end(slot, episode);
      episode = undefined;
    }

    const peer = this.#peer;
    if (this.#peers !== null) putWords(peer, words, byClient ? opening.server : opening.client, isIpv6);
    const totals = this.#totals;
    totals.peers = this.#peers === null ? 0 : this.#peers.add(slot, fresh, peer, now, frame);
    totals.openings = this.#openings === null ? 0 : this.#openings.add(slot, fresh, now, frame);
    totals.peersAtLeast = false;
    totals.seconds = 0;
    const matches = this.#matches();

    if (episode !== undefined) {
      episode.openings++;
      episode.lastNanos = now;
      if (matches) episode.matchNanos = now;
      episode.frames.add(frame);
      this.#countPeer(episode, peer, 0);
    } else if (matches) this.#begin(slot, now);

    // The first of a group is held with it.
    while (!fresh && this.#holdsTooMuch() && this.#table.size > 1) this.#table.evictOldest();
    return this.#told;
  }

  /** Ends the episodes that are open, and returns those not told yet. */
  finish(): readonly Episode[] {
    this.#told = [];
    for (const [slot, episode] of this.#episodes) this.#end(slot, episode);
    return this.#told;
  }

  /** Asks the rule, unless it is known from what it said of no more, or no less: a match grows with the totals. */
  #matches(): boolean {
    const { peers, openings } = this.#totals;
    if (peers >= this.#matchPeers && openings >= this.#matchOpenings) return true;
    if (peers <= this.#missPeers && openings <= this.#missOpenings) return false;
    if (this.rule.match(this.#totals, this.#options) === null) {
      if (peers >= this.#missPeers && openings >= this.#missOpenings) {
        this.#missPeers = peers;
        this.#missOpenings = openings;
      }
      return false;
    }
    this.#matchPeers = peers;
    this.#matchOpenings = openings;
    return true;
  }

  #holdsTooMuch(): boolean {
    return (this.#openings?.held ?? 0) > MAX_HELD_OPENINGS || (this.#peers?.held ?? 0) > MAX_HELD_PEERS;
  }

  #begin(slot: number, now: number): void {
    const frames = new FrameSample();
    let firstNanos = now;
    let openings = 0;
    const counter = this.#openings ?? this.#peers;
    counter?.forEach(slot, (nanos, frame) => {
      firstNanos = Math.min(firstNanos, nanos);
      openings++;
      frames.add(frame);
    });
    const peers = this.#peers === null ? null : new PeerSet();
    const episode = { peers, peersAtLeast: false, openings, firstNanos, lastNanos: now, matchNanos: now, frames };
    this.#peers?.forEachPeer(slot, (words, at) => this.#countPeer(episode, words, at));
    this.#episodes.set(slot, episode);
    if (this.#live) this.#tell(slot, episode);
  }

  #countPeer(episode: OpenEpisode, words: Int32Array, at: number): void {
    if (episode.peers === null || episode.peersAtLeast || episode.peers.has(words, at)) return;
    if (this.#episodePeers >= MAX_EPISODE_PEERS) episode.peersAtLeast = true;
    else {
      episode.peers.add(words, at);
      this.#episodePeers++;
    }
  }

  #end(slot: number, episode: OpenEpisode): void {
    this.#episodes.delete(slot);
    this.#episodePeers -= episode.peers?.size ?? 0;
    if (!this.#live) this.#tell(slot, episode);
  }

  #tell(slot: number, episode: OpenEpisode): void {
    const totals = this.#totals;
    totals.peers = episode.peers?.size ?? 0;
    totals.peersAtLeast = episode.peersAtLeast;
    totals.openings = this.#openings === null ? 0 : episode.openings;
    totals.seconds = Math.round(episode.lastNanos - episode.firstNanos) / 1e9;
    const match = this.rule.match(totals, this.#options);
    if (match === null) return;
    this.#told.push({
      match,
      address: this.#table.addressAt(slot, 0),
      first: this.#timestamp(episode.firstNanos),
      last: this.#timestamp(episode.lastNanos),
      frames: episode.frames.list(),
      framesOmitted: episode.frames.omitted,
    });
  }

  /** Nothing of the group is left but its slot. */
  #reset(slot: number): void {
    const episode = this.#episodes.size === 0 ? undefined : this.#episodes.get(slot);
    if (episode !== undefined) this.#end(slot, episode);
    this.#openings?.clear(slot);
    this.#peers?.clear(slot);
  }

  #forget(slot: number): void {
    if (Math.abs(this.#nowNanos - this.#lastNanos[slot]!) <= this.#windowNanos) this.evicted++;
    this.#reset(slot);
  }

  #timestamp(nanos: number): Timestamp {
    const seconds = Math.floor(nanos / 1e9);
    return { seconds: this.#baseSeconds + seconds, nanos: nanos - seconds * 1e9, digits: this.#digits };
  }
}
