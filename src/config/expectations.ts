import { formatAddress } from '../decode/address.ts';
import { formatMessage } from '../engine/message.ts';
import { expectationMeta } from '../rules/expectation.ts';
import { type Exchange, NO_TIME, type Timestamp, VERDICTS, type Verdict } from '../track/exchange.ts';
import { formatCount, formatNumber } from '../words/numbers.ts';
import { cidrMatches, formatTarget } from './cidr.ts';
import { formatDuration } from './duration.ts';
import type { Expectation } from './types.ts';

/** Exchanges that are shown for a broken expectation. */
const MAX_EXAMPLES = 10;

/** What one input showed of one expectation. Plain data: it can be sent between threads and merged. */
export interface ExpectationState {
  /** Exchanges that it is about, by verdict (in the order of VERDICTS). */
  readonly verdicts: readonly number[];
  /** Those with an allowed verdict whose answer took longer than `within`. */
  readonly late: number;
  /** Of those allowed, how many had to come within some time and have no time stamp. */
  readonly untimed: number;
  /** The same where question or answer is not in the capture, or time stamps step back between them. */
  readonly unmeasured: number;
  readonly slowestNanos: number;
  /** The first exchanges that broke it. */
  readonly examples: readonly ExpectationExample[];
}

export interface ExpectationExample {
  /** Index of the input. */
  readonly input: number;
  /** Id within the input. */
  readonly exchange: number;
  readonly client: string;
  readonly server: string;
  readonly verdict: Verdict;
  readonly latencyNanos: number | null;
  readonly frames: readonly number[];
  readonly started: Timestamp;
}

/** An expectation that does not hold. */
export interface Broken {
  readonly expectation: Expectation;
  /** What it wanted, what it saw, and in which frames. */
  readonly message: string;
  readonly touched: number;
  /** Exchanges that broke it. */
  readonly broken: number;
  readonly seen: Readonly<Partial<Record<Verdict, number>>>;
  readonly late: number;
  readonly examples: readonly ExpectationExample[];
}

export interface ExpectationChecker {
  /** To be called with every exchange once it has settled, ignored ones too. */
  observe(exchange: Exchange): void;
  /** What was seen so far, one for each expectation, in order. */
  state(): ExpectationState[];
  /** Goes on with others: those that were there before keep what was seen. */
  adopt(expectations: readonly Expectation[]): void;
}

interface Tally {
  readonly verdicts: number[];
  late: number;
  untimed: number;
  unmeasured: number;
  slowestNanos: number;
  readonly examples: ExpectationExample[];
}

/** Checks the exchanges of one input. */
export function createExpectationChecker(expected: readonly Expectation[], input: number): ExpectationChecker {
  let expectations = expected;
  let tallies: Tally[] = expectations.map(() => emptyTally());
  return {
    observe(exchange) {
      for (let index = 0; index < expectations.length; index++) {
        const expectation = expectations[index]!;
        if (touches(expectation, exchange)) count(tallies[index]!, expectation, exchange, input);
      }
    },
    state: () => tallies.map((tally) => structuredClone(tally)),
    adopt(wanted) {
      const left = expectations.map((expectation, index) => ({ key: keyOf(expectation), tally: tallies[index]! }));
      tallies = wanted.map((expectation) => {
        const key = keyOf(expectation);
        const at = left.findIndex((it) => it.key === key);
        return at === -1 ? emptyTally() : left.splice(at, 1)[0]!.tally;
      });
      expectations = wanted;
    },
  };
}

/** What it asserts, wherever it is written and however often it must be seen. */
function keyOf({ name, to, port, from, verdict, withinNanos }: Expectation): string {
  return JSON.stringify([name, to.text, port, from?.text ?? null, [...verdict].sort(), withinNanos]);
}

/** Adds up what several inputs showed, in the order given. */
export function mergeExpectationStates(states: readonly (readonly ExpectationState[])[]): ExpectationState[] {
  const width = states[0]?.length ?? 0;
  return Array.from({ length: width }, (_, index) => {
    const total = emptyTally();
    for (const state of states) {
      const { verdicts, late, untimed, unmeasured, slowestNanos, examples } = state[index]!;
      for (const [at, number] of verdicts.entries()) total.verdicts[at]! += number;
      total.late += late;
      total.untimed += untimed;
      total.unmeasured += unmeasured;
      total.slowestNanos = Math.max(total.slowestNanos, slowestNanos);
      total.examples.push(...examples.slice(0, MAX_EXAMPLES - total.examples.length));
    }
    return total;
  });
}

/** The expectations that do not hold. `states` are of the whole run; none at all counts as nothing seen. */
export function findBroken(
  expectations: readonly Expectation[],
  states: readonly ExpectationState[],
  unseen: Unseen = NONE_UNSEEN,
): Broken[] {
  return expectations.flatMap((expectation, index) => judge(expectation, states[index] ?? emptyTally(), unseen));
}

/** Frames that were not looked into, of how many, and why: reason -> frames. */
export interface Unseen {
  readonly frames: number;
  readonly of: number;
  readonly reasons: Readonly<Record<string, number>>;
}

const NONE_UNSEEN: Unseen = { frames: 0, of: 0, reasons: {} };

function emptyTally(): Tally {
  const verdicts = new Array<number>(VERDICTS.length).fill(0);
  return { verdicts, late: 0, untimed: 0, unmeasured: 0, slowestNanos: 0, examples: [] };
}

function touches({ to, port, from, verdict }: Expectation, exchange: Exchange): boolean {
  return (
    exchange.serverPort === port &&
    cidrMatches(to, exchange.serverAddress) &&
    (from === null || cidrMatches(from, exchange.clientAddress)) &&
    // An answer without a question is no attempt, and says how the stack answered only to who asks for just that; but both ends of a
    // conversation whose start is not in the capture show that there was an attempt, and how it went.
    (exchange.verdict !== 'unsolicited' ||
      verdict.includes('unsolicited') ||
      (exchange.underWay && exchange.established))
  );
}

function count(tally: Tally, expectation: Expectation, exchange: Exchange, input: number): void {
  const { verdict, latencyNanos } = exchange;
  tally.verdicts[VERDICTS.indexOf(verdict)]!++;
  const allowed = expectation.verdict.includes(verdict);
  const isHeld = allowed && expectation.withinNanos !== null;
  // What has no time was not seen to be in time; silence has none to be held to.
  const unknown = isHeld && latencyNanos === null && (exchange.answerFrame !== null || exchange.inferred);
  if (unknown) {
    const isTimeless = exchange.started.digits === NO_TIME || exchange.answered?.digits === NO_TIME;
    if (isTimeless) tally.untimed++;
    else tally.unmeasured++;
  }
  const late = isHeld && (latencyNanos ?? 0) > expectation.withinNanos;
  if (late) {
    tally.late++;
    tally.slowestNanos = Math.max(tally.slowestNanos, latencyNanos ?? 0);
  }
  if ((allowed && !late && !unknown) || tally.examples.length === MAX_EXAMPLES) return;
  const { id, probeFrame, answerFrame, frames, clientAddress, clientPort, serverAddress, serverPort, started } =
    exchange;
  const shown = [probeFrame, answerFrame].filter((frame) => frame !== null);
  tally.examples.push({
    input,
    exchange: id,
    client: endText(clientAddress, clientPort),
    server: endText(serverAddress, serverPort),
    verdict,
    latencyNanos,
    frames: shown.length > 0 ? shown : frames.slice(0, 1),
    started,
  });
}

/**
 * Whatever it asserts, a frame that was not looked into may hold an exchange that breaks it, or the one that it misses: so it
 * holds only where there is no such frame.
 */
function judge(
  expectation: Expectation,
  { verdicts, late, untimed, unmeasured, slowestNanos, examples }: ExpectationState,
  unseen: Unseen,
): Broken[] {
  const { name, to, port, atLeast, verdict, withinNanos } = expectation;
  const touched = verdicts.reduce((sum, number) => sum + number, 0);
  const seen: Partial<Record<Verdict, number>> = {};
  let broken = late + untimed + unmeasured;
  for (const [index, number] of verdicts.entries()) {
    const word = VERDICTS[index]!;
    if (number > 0) seen[word] = number;
    if (!verdict.includes(word)) broken += number;
  }
  const id =
    broken > 0
      ? 'broken'
      : touched >= atLeast
        ? unseen.frames > 0
          ? 'unseen'
          : null
        : touched === 0
          ? 'untouched'
          : 'few';
  if (id === null) return [];

  const within = withinNanos === null ? '' : ` within ${formatDuration(withinNanos)}`;
  const saw = Object.entries(seen).map(([word, number]) => `${formatNumber(number)} ${word}`);
  if (late > 0)
    saw.push(`${formatNumber(late)} late, the slowest after ${formatDuration(Math.round(slowestNanos / 1e3) * 1e3)}`);
  if (untimed > 0) saw.push(`${formatNumber(untimed)} without time stamps, so that nobody knows how soon they were`);
  if (unmeasured > 0)
    saw.push(`${formatNumber(unmeasured)} whose time from question to answer the capture does not show`);
  const message = formatMessage(expectationMeta.messages[id]!, {
    name,
    to: formatTarget(to, 0),
    port,
    wanted: `wanted ${verdict.join(' or ')}${within}, saw ${touched === 0 ? 'nothing' : saw.join(', ')}`,
    touched,
    atLeast,
    broken,
  });
  const frames = examples
    .slice(0, 3)
    .map((example) => `${example.client} ${example.verdict} in ${framesText(example)}`);
  const shown = frames.length === 0 ? '' : ` (${frames.join('; ')}${broken > frames.length ? '; …' : ''})`;
  // Both may be wrong at once; who mends the one should not meet the other only then.
  const short =
    id === 'broken' && touched < atLeast
      ? `; and at least ${formatCount(atLeast, 'exchange')} ${atLeast === 1 ? 'was' : 'were'} wanted`
      : '';
  const hidden =
    unseen.frames === 0
      ? ''
      : `; exchanges that it is about may be among the ${formatNumber(unseen.frames)} of ${formatCount(Math.max(unseen.frames, unseen.of), 'frame')} that could not be looked into (${reasonsText(unseen)})`;
  return [{ expectation, message: message + shown + short + hidden, touched, broken, seen, late, examples }];
}

/** The most frequent ones. */
function reasonsText({ reasons }: Unseen): string {
  const sorted = Object.entries(reasons).sort(([, a], [, b]) => b - a);
  const named = sorted.slice(0, 3).map(([reason, frames]) => `${reason} ${formatNumber(frames)}`);
  return sorted.length > named.length ? `${named.join(', ')}, …` : named.join(', ');
}

const framesText = ({ frames }: ExpectationExample): string =>
  `${frames.length === 1 ? 'frame' : 'frames'} ${frames.join(', ')}`;

function endText(address: Uint8Array, port: number): string {
  return address.length === 4 ? `${formatAddress(address)}:${port}` : `[${formatAddress(address)}]:${port}`;
}
