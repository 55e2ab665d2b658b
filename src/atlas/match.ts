import { guessInitialTtl } from '../report/model/fingerprint.ts';
import { isPadding, type Observation, optionNames } from './observe.ts';
import type { Answer, CaseName, Cell, StackEntry } from './types.ts';

/** How a stack stands to what was seen. */
export type Comparison =
  | { readonly result: 'alike'; readonly behind: boolean }
  /** `why`: the first field that differs, in a few words. */
  | { readonly result: 'differs'; readonly why: string }
  /** The atlas does not know what it would have answered. */
  | { readonly result: 'unknown' };

const UNKNOWN: Comparison = { result: 'unknown' };
const ALIKE: Comparison = { result: 'alike', behind: false };
/** Alike to its open ports: something before it hands port 0 on to a listener. */
const BEHIND: Comparison = { result: 'alike', behind: true };

/** What the battery offers in its SYN. */
const BATTERY_OFFER = ['TS', 'mss', 'sackOK', 'wscale'];

/** A stack's cells by case and family, with what is constant over several of them. */
export class Signature {
  readonly entry: StackEntry;
  readonly #cells = new Map<string, Cell>();
  /** Windows of RSTs that answer a SYN, and of others: who has two ways to make them has two habits. */
  readonly #windows = { syn: new Set<number>(), other: new Set<number>() };
  /** IP IDs by kind of answer. These and windows may vary from answer to answer. */
  readonly #ipIds = new Map<string, Set<string>>();

  constructor(entry: StackEntry) {
    this.entry = entry;
    for (const cell of entry.cells) {
      this.#cells.set(`${cell.case} ${cell.family}`, cell);
      for (const { kind, window, ipId } of cell.answers) {
        if (kind === 'rst' && window !== undefined) this.#windows[windowKind(cell.case)].add(window);
        if (ipId === undefined) continue;
        const seen = this.#ipIds.get(kind) ?? new Set<string>();
        this.#ipIds.set(kind, seen.add(ipId));
      }
    }
  }

  /** Whether this stack would have given that answer. Undecided wherever the bytes allow it. */
  compare(seen: Observation): Comparison {
    const cell = this.#cell(seen.case, seen.family);
    if (cell === undefined) return UNKNOWN;
    const expected = cell.answers[0] ?? null;
    // ICMP errors are sent at a limited rate (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4): that none came tells nothing.
    if (expected?.kind === 'icmp' && seen.answer === null) return UNKNOWN;
    // A filter before a stack rejects so in its place; what the stack would have said is not seen.
    if (seen.answer?.kind === 'icmp' && expected?.kind !== 'icmp' && this.entry.kind !== 'firewall') return UNKNOWN;
    const why = this.#difference(expected, seen);
    if (why === null) return ALIKE;
    if (seen.answer?.kind === 'syn-ack' && expected?.kind !== 'syn-ack') {
      const open = this.#cell('syn-to-open', seen.family);
      if (open !== undefined && this.#difference(open.answers[0] ?? null, seen) === null) return BEHIND;
    }
    return { result: 'differs', why };
  }

  #cell(name: CaseName, family: 4 | 6): Cell | undefined {
    return this.#cells.get(`${name} ${family}`);
  }

  #difference(expected: Answer | null, { case: name, answer, offered, withData }: Observation): string | null {
    if (expected === null || answer === null) {
      if (expected === answer) return null;
      return expected === null ? 'silent' : KIND_WORDS[expected.kind];
    }
    if (expected.kind !== answer.kind) return KIND_WORDS[expected.kind];
    if (expected.kind === 'icmp') {
      if (expected.type !== answer.type || expected.code !== answer.code)
        return `ICMP ${expected.type}/${expected.code}`;
    } else {
      const flags = plainFlags(expected);
      if (flags !== plainFlags(answer)) return flags;
      if (expected.sequence !== answer.sequence) return `sequence ${SEQUENCE_WORDS[expected.sequence ?? 'own']}`;
      if (!withData && expected.acknowledgment !== answer.acknowledgment)
        return `acknowledges ${expected.acknowledgment}`;
      const options = this.#optionsDiffer(expected, answer, offered);
      if (options !== null) return options;
      const window = this.#windowDiffers(expected, answer, windowKind(name));
      if (window !== null) return window;
    }
    // A hop takes one from it; where it began is one of a few numbers.
    const initial = guessInitialTtl(expected.ttl);
    if (guessInitialTtl(answer.ttl) !== initial) return `TTL ${initial}`;
    if (answer.ipId === undefined || expected.ipId === undefined) return null;
    if (this.#ipIds.get(expected.kind)?.has(answer.ipId) !== true)
      return `IP ID ${expected.ipId === '0' ? 0 : 'not 0'}`;
    if (expected.dontFragment !== answer.dontFragment) return expected.dontFragment === true ? 'DF' : 'no DF';
    return null;
  }

  /** The window of a SYN-ACK follows memory, route and MSS, so only 0 tells; that of a RST is the stack's own habit. */
  #windowDiffers(expected: Answer, answer: Answer, kind: 'syn' | 'other'): string | null {
    const differs =
      expected.kind === 'rst'
        ? !this.#windows[kind].has(answer.window ?? -1)
        : (expected.window === 0) !== (answer.window === 0);
    return differs ? `window ${expected.window}` : null;
  }

  /**
   * A SYN-ACK takes up what the SYN offered: of what was not offered there is nothing to compare, nor of what the battery
   * never offered (a Fast Open cookie, MPTCP), nor of the padding between them.
   */
  #optionsDiffer(expected: Answer, answer: Answer, offered: ReadonlySet<string>): string | null {
    const wanted = optionNames(expected.options ?? '');
    const given = optionNames(answer.options ?? '');
    const isAsTheBattery =
      offered.size === BATTERY_OFFER.length && BATTERY_OFFER.every((option) => offered.has(option));
    const isTelling = (option: string) => option === 'mss' || offered.has(option) === BATTERY_OFFER.includes(option);
    const part = (options: string[]) =>
      isAsTheBattery ? options : options.filter((option) => !isPadding(option) && isTelling(option));
    if (part(wanted).join() === part(given).join()) return null;
    return wanted.length === 0 ? 'no options' : `options ${wanted.join(' ')}`;
  }
}

function windowKind(name: CaseName): 'syn' | 'other' {
  return name.startsWith('syn-') && name !== 'syn-ack-to-0' ? 'syn' : 'other';
}

const KIND_WORDS = {
  rst: 'RST',
  'syn-ack': 'accepts',
  syn: 'SYN',
  ack: 'ACK',
  icmp: 'ICMP',
  udp: 'UDP',
} as const satisfies Record<Answer['kind'], string>;

const SEQUENCE_WORDS = { '0': '0', ack: "the question's", own: 'its own' } as const;

/** Flags in one order, without those of ECN, which follow what the question offered. */
function plainFlags({ flags }: Answer): string {
  return (flags ?? '')
    .split(',')
    .filter((flag) => !['ECE', 'CWR', 'AE', ''].includes(flag))
    .sort()
    .join(' ');
}
