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
      outcome = this.#weighAll([...host.values()], isSilent);
      this.#outcomes.set(key, outcome);
    }
    return outcome;
  }

  #weighAll(answers: readonly Observation[], isSilent: boolean): LooksLikeReport {
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
    return {
      text: textOf(like, unlike, answers.length, isSilent),
      like: like.map(({ label }) => label),
      unlike: unlike.map(({ label }) => label),
      answers: answers.length,
    };
  }
}

function hostOf({ server, scope, input }: ExchangeReport): string {
  return `${input} ${server.address} ${scope}`;
}

function keyOf({ case: name, family, answer, offered, withData }: Observation): string {
  const fields = answer === null ? 'silent' : Object.values(answer).join(' ');
  return `${name} ${family} ${fields} ${[...offered].join(',')} ${withData}`;
}

interface Named {
  readonly entry: StackEntry;
  readonly label: string;
  readonly why: string | null;
}

function textOf(like: readonly Named[], unlike: readonly Named[], answers: number, isSilent: boolean): string {
  const together = answers === 1 ? '' : ` (${answers} different answers weighed together)`;
  const stacks = like.filter(({ entry }) => entry.kind !== 'firewall');
  const firewalls = like.filter(({ entry }) => entry.kind === 'firewall');
  const others = unlike.filter(({ entry }) => entry.kind !== 'firewall');
  const parts: string[] = [];
  if (stacks.length > 0) parts.push(`${isSilent ? 'silent' : 'answers'} like ${list(stacks)}${together}`);
  else if (answers > 1)
    parts.push(`no one stack of the atlas gives all ${answers} answers: several answer there, or one that it lacks`);
  else parts.push(`no stack of the atlas ${isSilent ? 'is silent here' : 'answers so'}`);
  if (isSilent) parts.push('a filter that drops, or a host that is gone, is silent too');
  else if (firewalls.length > 0) parts.push(`so can what stands before a stack: ${list(firewalls)}`);
  const rest = others.length - MAX_UNLIKE;
  if (others.length > 0)
    parts.push(`not like ${list(others.slice(0, MAX_UNLIKE))}${rest > 0 ? ` and ${rest} more` : ''}`);
  return parts.join('; ');
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
