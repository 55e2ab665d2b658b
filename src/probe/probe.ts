import { lookup } from 'node:dns/promises';
import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import { analyzeSource } from '../analysis/analyze-source.ts';
import type { Baseline } from '../analysis/baseline.ts';
import type { Backend } from '../capture/live/capturers.ts';
import { probeFilter } from '../capture/live/filter.ts';
import { DEFAULT_SNAP_LENGTH, LiveSource } from '../capture/live/live-source.ts';
import type { CaptureProblem } from '../capture/source.ts';
import { parseAddress } from '../config/cidr.ts';
import type { Config } from '../config/types.ts';
import { formatAddress } from '../decode/address.ts';
import type { Rule } from '../engine/types.ts';
import type { ExchangeReport, FindingReport } from '../report/model/types.ts';
import { askByConnect, type Told } from './connect.ts';
import { judge, type Stopped, type Wire } from './judge.ts';
import { findRoute, type Neighbour, type Route, readNeighbours } from './route.ts';

export interface ProbeOptions {
  /** Names or addresses; of those with the same address one is asked for all. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly timeoutMs: number;
  /** Which addresses of a name are taken; null for the first one, of whichever family, as the system orders them. */
  readonly family: 4 | 6 | null;
  /** Null: cap, or the next capturer that is there. */
  readonly backend: Backend | null;
  /** Its rules are asked of what was seen; its answer timeout is not used. */
  readonly config: Config;
  readonly rules: readonly Rule[];
  /** Findings that are known; absent for none. */
  readonly baseline?: Baseline;
  readonly signal: AbortSignal;
}

/** What became of one host. */
export interface ProbeResult {
  readonly host: string;
  readonly port: number;
  /** Null when the name could not be resolved; `error` says why. */
  readonly address: string | null;
  /** The other addresses of the name, which were not asked. */
  readonly otherAddresses: readonly string[];
  readonly error: string | null;
  readonly route: Route | null;
  readonly told: Told | null;
  readonly wire: Wire | null;
  /** Why there is nothing from the wire; null when there is. */
  readonly blind: CaptureProblem | null;
  readonly stopped: Stopped | null;
  /** Of the attempt's exchange, but for the rule that flags each SYN to port 0: that one was ours. */
  readonly findings: readonly FindingReport[];
}

interface Target {
  readonly host: string;
  readonly address: string;
  readonly otherAddresses: readonly string[];
  readonly route: Route | null;
}

/** Our own question is no finding. */
const OWN_RULES = new Set(['syn-to-port-zero']);

/** Asks every host once, all at the same time, while sniffing where they are asked. Settles in the order of `hosts`. */
export async function probe(options: ProbeOptions): Promise<ProbeResult[]> {
  // One listener for each host and capturer.
  setMaxListeners(0, options.signal);
  const resolved = await Promise.all(options.hosts.map((host) => resolveHost(host, options.family)));
  const byInterface = new Map<string | null, Target[]>();
  for (const it of resolved) {
    if (!('address' in it)) continue;
    const name = it.route?.interface ?? null;
    const targets = byInterface.get(name) ?? [];
    byInterface.set(name, targets);
    if (targets.every(({ address }) => address !== it.address)) targets.push(it);
  }
  const results = new Map<string, ProbeResult>();
  await Promise.all(
    [...byInterface].map(async ([name, targets]) => {
      for (const result of await askOn(name, targets, options)) results.set(result.address, result);
    }),
  );
  return resolved.map((it) => {
    if (!('address' in it)) return { ...NOTHING, host: it.host, port: options.port, error: it.error };
    return { ...results.get(it.address)!, host: it.host, otherAddresses: it.otherAddresses };
  });
}

const NOTHING = {
  address: null,
  otherAddresses: [],
  route: null,
  told: null,
  wire: null,
  blind: null,
  stopped: null,
  findings: [],
};

async function resolveHost(host: string, family: 4 | 6 | null): Promise<Target | { host: string; error: string }> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  try {
    const found = await lookup(bare, { all: true, family: family ?? 0, order: 'verbatim' });
    const [address, ...otherAddresses] = found.map((it) => canonicalText(it.address));
    if (address === undefined) throw new Error('no address');
    if (family !== null && isIP(address.split('%')[0]!) !== family) throw new Error(`no IPv${family} address`);
    return { host, address, otherAddresses, route: await findRoute(address) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? `no address is known (${code})` : message;
    return { host, error: why };
  }
}

/** As reports write addresses: of what is an address already, lookup() returns the text it was given. */
function canonicalText(address: string): string {
  const [bare = address, ...zone] = address.split('%');
  const bytes = parseAddress(bare);
  if (bytes === null) return address;
  // What is sent to an IPv4-mapped address (RFC 4291 section 2.5.5.2) is sent to the IPv4 address.
  const text = formatAddress(bytes).replace(/^::ffff:(?=\d+\.)/, '');
  return [text, ...zone].join('%');
}

/** Asks those that are reached through one interface. */
async function askOn(name: string | null, targets: readonly Target[], options: ProbeOptions): Promise<Answered[]> {
  const watch = name === null ? null : new Watch(name, targets, options);
  await watch?.started;
  const asked: Promise<Told>[] = [];
  for (const { address } of targets) {
    asked.push(askByConnect(address, options.port, options.timeoutMs, options.signal));
    // What one is told is heard of before the next one is asked, so that its time is not that of all of them.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const told = await Promise.all(asked);
  // Now, for the system forgets who did not answer.
  const neighbours =
    name !== null && told.some(({ result }) => result === 'timeout') ? await readNeighbours(name) : null;
  await watch?.stop();
  return targets.map((target, index) => {
    const neighbour = neighbours?.(target.route?.gateway ?? target.address.split('%')[0]!) ?? null;
    return put(target, told[index]!, neighbour, watch, options);
  });
}

type Answered = ProbeResult & { readonly address: string };

function put(
  target: Target,
  told: Told,
  neighbour: Neighbour | null,
  watch: Watch | null,
  { port }: ProbeOptions,
): Answered {
  const { host, address, otherAddresses, route } = target;
  const blind = watch?.blind ?? null;
  const wire = watch === null || blind !== null ? null : watch.find(address, port, told);
  const stopped = judge({ address, port, route, neighbour, told, wire });
  const findings = wire?.exchange ? watch!.findingsOf(wire.exchange) : [];
  return { host, port, address, otherAddresses, error: null, route, told, wire, blind, stopped, findings };
}

/** The program has waited as long as it was asked to, which is what makes silence of it. */
function settleSilence(exchange: ExchangeReport, told: Told): ExchangeReport {
  const silent = exchange.verdict === 'undecided' && (told.result === 'timeout' || told.code === 'ETIMEDOUT');
  return silent ? { ...exchange, verdict: 'silent', state: 'filtered', reason: 'no-response' } : exchange;
}

/** Sniffs on one interface and keeps the exchanges that may be ours. */
class Watch {
  readonly name: string;
  /** Settles when frames are being captured, or cannot be. */
  readonly started: Promise<void>;
  readonly #done = new AbortController();
  readonly #source: LiveSource;
  readonly #analysis: Promise<unknown>;
  readonly #exchanges: ExchangeReport[] = [];
  readonly #findings: FindingReport[] = [];
  #delayMillis = 0;

  constructor(name: string, targets: readonly Target[], options: ProbeOptions) {
    const { config, rules, baseline, backend, port, timeoutMs } = options;
    this.name = name;
    let begin = () => {};
    const started = new Promise<void>((resolve) => {
      begin = resolve;
    });
    this.#source = new LiveSource({
      interface: name,
      filter: probeFilter(targets.map(({ address }) => address)),
      tunnelPorts: [],
      backend,
      snapLength: DEFAULT_SNAP_LENGTH,
      bufferBytes: null,
      restart: false,
      maxFrames: null,
      onEvent: (event) => {
        if (event.type !== 'started') return;
        this.#delayMillis = event.delayMillis;
        begin();
      },
    });
    this.#analysis = analyzeSource(this.#source, {
      // The attempt is over when connect() says so, not before.
      settings: {
        config: { ...config, answerTimeoutNanos: timeoutMs * 1e6 + 60e9 },
        rules,
        ...(baseline === undefined ? {} : { baseline }),
        exchanges: 'all',
        maxExchanges: 100_000,
        maxListed: 0,
        communityIdSeed: 0,
        live: false,
      },
      input: 0,
      signal: this.#done.signal,
      sink: {
        exchange: (exchange) => {
          const own = exchange.server.port === port || exchange.client.port === port;
          // Whatever is not ours is dropped soon; on a busy interface that is nearly all.
          if (own || exchange.probe === 'syn' || exchange.probe === 'syn-data') this.#exchanges.push(exchange);
        },
        finding: (finding) => {
          this.#findings.push(finding);
        },
      },
    });
    this.started = Promise.race([started, this.#analysis.then(() => {})]);
  }

  get blind(): CaptureProblem | null {
    return this.#source.problems[0] ?? null;
  }

  /** Ends the sniffing once what is on its way has arrived. */
  async stop(): Promise<void> {
    // What connect() was told, the capturer has seen before; it may hold it back for a while.
    if (this.blind === null) await new Promise((resolve) => setTimeout(resolve, this.#delayMillis + 100));
    this.#done.abort();
    await this.#analysis;
  }

  /** The attempt as it was seen: by its own port, or by what it asked for where the system did not tell that. */
  find(address: string, port: number, told: Told): Wire {
    const asked = this.#exchanges.filter(({ probe }) => probe !== null);
    const ours = told.localPort === null ? [] : asked.filter(({ client }) => client.port === told.localPort);
    const bare = address.split('%')[0];
    const isTarget = ({ server }: ExchangeReport) => server.address === bare && server.port === port;
    const direct = ours.find(isTarget) ?? (told.localPort === null ? asked.find(isTarget) : undefined);
    const exchange = direct ?? ours[0] ?? null;
    return {
      interface: this.name,
      exchange: exchange === null ? null : settleSilence(exchange, told),
      redirected: exchange !== null && direct === undefined,
      drops: this.#source.drops,
    };
  }

  findingsOf({ id }: ExchangeReport): FindingReport[] {
    return this.#findings.filter(({ exchange, ruleId }) => exchange === id && !OWN_RULES.has(ruleId));
  }
}
