import type { ExchangeGroup, ExchangeReport, LooksLikeReport, RunResult } from '../report/model/types.ts';
import { labelOf, shippedStacks } from './load.ts';
import { Signature } from './match.ts';
import { type Observation, observe } from './observe.ts';
import type { StackEntry } from './types.ts';

/** Hosts that are remembered while results stream; the oldest is forgotten. */
const MAX_HOSTS = 10_000;
/** Different answers of one host that are weighed together; what comes later is not. */
const MAX_ANSWERS = 32;
/** Outcomes that are kept: a flood gives the same answer a million times. */
const MAX_OUTCOMES = 1000;
/** Stacks named in words of those that answer otherwise; the lists have all. */
const MAX_UNLIKE = 4;

/** Holds answers against the atlas, the different answers of one host together. */
class Likeness {
  readonly #own: readonly StackEntry[];
  #signatures: readonly Signature[] | null = null;
  /** Host -> what it answered, by key. */
  readonly #hosts = new Map<string, Map<string, Observation>>();
  readonly #outcomes = new Map<string, LooksLikeReport>();

  constructor(own: readonly StackEntry[] = []) {
    this.#own = own;
  }

  /** Takes an exchange into what is known of its host. */
  weigh(exchange: ExchangeReport): void {
    const seen = observe(exchange);
    if (seen === null) return;
    const name = hostOf(exchange);
    let host = this.#hosts.get(name);
    if (host === undefined) {
      if (this.#hosts.size >= MAX_HOSTS) this.#hosts.delete(this.#hosts.keys().next().value!);
      host = new Map();
      this.#hosts.set(name, host);
    }
    if (host.size < MAX_ANSWERS) host.set(keyOf(seen), seen);
  }

  /** What its host looks like by all that was weighed; null where its own answer says nothing. */
  describe(exchange: ExchangeReport): LooksLikeReport | null {
    const seen = observe(exchange);
    const host = this.#hosts.get(hostOf(exchange));
    if (seen === null || host === undefined) return null;
    const isSilent = seen.answer === null;
    const key = `${isSilent} ${[...host.keys()].join('\n')}`;
    let outcome = this.#outcomes.get(key);
    if (outcome === undefined) {
      if (this.#outcomes.size >= MAX_OUTCOMES) this.#outcomes.clear();
      outcome = this.#weighAll([...host.values()], seen);
      this.#outcomes.set(key, outcome);
    }
    return outcome;
  }

  #weighAll(answers: readonly Observation[], own: Observation): LooksLikeReport {
    const answered = answers.filter(({ answer }) => answer !== null);
    // Of errors that come at a limited rate some are missing: that silence is no answer of its own.
    const telling = answered.length > 0 && answered.every(({ answer }) => answer?.kind === 'icmp') ? answered : answers;
    let held = this.#hold(telling);
    let text = textOf({ ...held, own }, telling);
    if (held.like.length === 0 && answered.length > 0 && answered.length < telling.length) {
      // A filter before a stack drops some questions and lets others through.
      const behind = this.#hold(answered);
      const stacks = stacksOf(behind.like);
      if (stacks.length > 0) {
        held = behind;
        text = textOfFiltered(stacks, answered.length);
      }
    }
    return {
      text,
      like: held.like.map(({ label }) => label),
      // Whoever would have answered may stand behind a filter: silence alone speaks against nobody.
      unlike: answered.length === 0 ? [] : held.unlike.map(({ label }) => label),
      answers: answers.length,
    };
  }

  /** Holds all of these against each stack: one that differs is enough. */
  #hold(answers: readonly Observation[]): { like: Named[]; unlike: Named[] } {
    const like: Named[] = [];
    const unlike: Named[] = [];
    // One's own come first: they are what one looks for. The atlas is read when there is something to hold against it.
    this.#signatures ??= [...this.#own, ...shippedStacks()].map((entry) => new Signature(entry));
    for (const signature of this.#signatures) {
      const { entry } = signature;
      const compared = answers.map((answer) => signature.compare(answer));
      const differs = compared.find(({ result }) => result === 'differs');
      const label = labelOf(entry);
      if (differs?.result === 'differs') unlike.push({ entry, label, why: differs.why });
      else if (compared.some(({ result }) => result === 'alike')) {
        const isBehind = compared.some((each) => each.result === 'alike' && each.behind);
        like.push({ entry, label, why: isBehind ? 'behind a redirect or proxy' : null });
      }
    }
    return { like, unlike };
  }
}

function hostOf({ server, scope, input }: ExchangeReport): string {
  return `${input} ${server.address} ${scope}`;
}

function keyOf({ case: name, family, answer, offered, withData }: Observation): string {
  const fields = answer === null ? 'silent' : Object.values(answer).join(' ');
  // What was offered shapes a SYN-ACK alone, and data the number that is acknowledged.
  const question = answer?.kind === 'syn-ack' ? [...offered].join(',') : '';
  return `${name} ${family} ${fields} ${question} ${withData && answer !== null}`;
}

interface Named {
  readonly entry: StackEntry;
  readonly label: string;
  readonly why: string | null;
}

/** What stands before a stack is no stack. */
function stacksOf(named: readonly Named[]): Named[] {
  return named.filter(({ entry }) => entry.kind !== 'firewall');
}

interface Weighed {
  readonly like: readonly Named[];
  readonly unlike: readonly Named[];
  /** The answer of the exchange that the words are for. */
  readonly own: Observation;
}

function textOf({ like, unlike, own }: Weighed, answers: readonly Observation[]): string {
  const together = answers.length === 1 ? '' : ` (${answers.length} different answers weighed together)`;
  const stacks = stacksOf(like);
  const firewalls = like.filter(({ entry }) => entry.kind === 'firewall');
  const byIcmp = answers.some(({ answer }) => answer?.kind === 'icmp');
  // Who speaks, or keeps silent, in the place of a stack tells nothing of the stack behind.
  if (own.answer === null) {
    if (stacks.length === 0 && byIcmp)
      return 'silent, where it answers others by ICMP errors: those come at a limited rate, or a filter drops some';
    return `${stacks.length > 0 ? `silent like ${list(stacks)}${together}` : 'no stack of the atlas is silent here'}; a filter that drops, or a host that is gone, is silent too`;
  }
  if (stacks.length === 0 && firewalls.length > 0)
    return `answers like what stands before a stack: ${list(firewalls)}${together}; the stack behind it is not seen`;
  if (stacks.length === 0 && answers.every(({ answer }) => answer === null || answer.kind === 'icmp'))
    return 'an ICMP error, as what stands before a stack sends it; the stack behind it is not seen';
  const parts: string[] = [];
  if (stacks.length > 0) parts.push(`answers like ${list(stacks)}${together}`);
  else if (answers.length > 1)
    parts.push(
      `no one stack of the atlas gives all ${answers.length} answers: several answer there, or one that it lacks`,
    );
  else parts.push('no stack of the atlas answers so');
  if (firewalls.length > 0) parts.push(`so can what stands before a stack: ${list(firewalls)}`);
  const others = stacksOf(unlike);
  const rest = others.length - MAX_UNLIKE;
  if (others.length > 0)
    parts.push(`not like ${list(others.slice(0, MAX_UNLIKE))}${rest > 0 ? ` and ${rest} more` : ''}`);
  return parts.join('; ');
}

function textOfFiltered(stacks: readonly Named[], answered: number): string {
  const together = answered === 1 ? '' : ` (${answered} different answers weighed together)`;
  return `answers like ${list(stacks)}${together} where it answers at all; it is silent where they answer: a filter drops some, or it is a stack that the atlas lacks`;
}

function list(named: readonly Named[]): string {
  return named.map(({ label, why }) => (why === null ? label : `${label} (${why})`)).join(', ');
}

/** The run's report with what the answers look like: of what is listed, and of the examples of groups. */
export function addLooksLike(result: RunResult, own: readonly StackEntry[] = []): RunResult {
  const { exchanges } = result.report;
  const examples = result.groups.flatMap((group) => group.examples);
  const likeness = new Likeness(own);
  for (const exchange of [...exchanges, ...examples]) likeness.weigh(exchange);
  const add = (exchange: ExchangeReport) => withLooksLike(exchange, likeness.describe(exchange));
  return {
    ...result,
    report: { ...result.report, exchanges: exchanges.map(add) },
    groups: result.groups.map((group): ExchangeGroup => ({ ...group, examples: group.examples.map(add) })),
  };
}

function withLooksLike(exchange: ExchangeReport, looksLike: LooksLikeReport | null): ExchangeReport {
  return looksLike === null ? exchange : { ...exchange, evidence: { ...exchange.evidence, looksLike } };
}

/** The same for results as they come: what is known of a host by then. */
export class StreamLikeness {
  readonly #own: readonly StackEntry[];
  #likeness: Likeness | null = null;

  constructor(own: readonly StackEntry[] = []) {
    this.#own = own;
  }

  add(exchange: ExchangeReport): ExchangeReport {
    if (exchange.portZero === null) return exchange;
    this.#likeness ??= new Likeness(this.#own);
    this.#likeness.weigh(exchange);
    return withLooksLike(exchange, this.#likeness.describe(exchange));
  }
}
