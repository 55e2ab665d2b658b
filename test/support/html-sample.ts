import type {
  ExchangeGroup,
  ExchangeReport,
  FindingReport,
  InputReport,
  RunResult,
  SegmentReport,
  VerdictCounts,
} from '../../src/report/model/types.ts';
import { type PortState, type Probe, VERDICTS, type Verdict } from '../../src/track/exchange.ts';
import type { Severity } from '../../src/words/severity.ts';
import { countOverview } from './overview.ts';

export interface SampleOptions {
  readonly exchanges: number;
  /** Names and payloads that try to break out of a page. */
  readonly hostile?: boolean;
  readonly inputs?: number;
  /** Flagged exchanges beyond the listed ones. */
  readonly omitted?: number;
  /** Seconds that the exchanges spread over. */
  readonly seconds?: number;
  /** Only this verdict; all of them otherwise. */
  readonly verdict?: Verdict;
}

export const HOSTILE = [
  '"><img src=x onerror=alert(1)>',
  '</script><script>alert(2)</script>',
  '<!--<script>',
  "'; alert(3)//",
  '\u202egpj.exe\u2066',
  'a\u0000b\u001b[31mred\u2028next',
  '&lt;b&gt; &amp; {{alert(4)}}',
  'x'.repeat(400),
] as const;

/** Numbers in [0, 1) that are the same each time (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const START = Date.UTC(2026, 10, 21, 5, 55, 10) / 1000;

function timeText(offset: number): string {
  const whole = Math.floor(offset);
  const micros = Math.min(999_999, Math.round((offset - whole) * 1e6));
  return `${new Date((START + whole) * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

const STATES: Readonly<Record<Verdict, readonly [PortState, string | null]>> = {
  accepted: ['open', 'syn-ack'],
  refused: ['closed', 'reset'],
  unreachable: ['filtered', 'port-unreach'],
  silent: ['filtered', 'no-response'],
  undecided: ['unknown', null],
  simultaneous: ['open', 'split-handshake-syn'],
  challenged: ['unfiltered', 'tcp-response'],
  'invalid-reset': ['closed', 'reset'],
  unsolicited: ['unknown', null],
};
const SHARES: readonly [Verdict, number][] = [
  ['refused', 0.55],
  ['silent', 0.2],
  ['unreachable', 0.1],
  ['accepted', 0.04],
  ['unsolicited', 0.04],
  ['undecided', 0.03],
  ['invalid-reset', 0.015],
  ['challenged', 0.015],
  ['simultaneous', 0.01],
];

/** A run's result that looks like one of a busy capture. Every verdict is in it from nine exchanges on. */
export function sampleResult(options: SampleOptions): RunResult {
  const random = randomNumbers(options.exchanges + 1);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() ** 2 * items.length)]!;
  const hostile = options.hostile ?? false;
  const inputCount = options.inputs ?? 1;
  const sources = Array.from({ length: 60 }, (_, i) => (i % 7 === 3 ? `2001:db8:0:${i}::5` : `192.0.2.${i + 1}`));
  const targets = Array.from({ length: 40 }, (_, i) => (i % 7 === 3 ? `2001:db8:ff::${i}` : `198.51.100.${i + 1}`));
  const exchanges: ExchangeReport[] = [];
  const findings: FindingReport[] = [];
  const seconds = options.seconds ?? 240;
  const times = Array.from({ length: options.exchanges }, () => {
    const burst = random() < 0.35;
    return (burst ? 0.62 + random() * 0.04 : random()) * seconds;
  }).sort((a, b) => a - b);
  let frame = 1;

  for (const [index, at] of times.entries()) {
    const id = index + 1;
    const v6 = random() < 0.15;
    const family = (address: string) => address.includes(':') === v6;
    const client = { address: pick(sources.filter(family)), port: 1024 + Math.floor(random() * 60_000) };
    const server = { address: pick(targets.filter(family)), port: 0 };
    const verdict = options.verdict ?? (index < VERDICTS.length ? VERDICTS[index]! : drawVerdict(random()));
    const [state, reason] = STATES[verdict];
    const probe: Probe | null =
      verdict === 'unsolicited'
        ? null
        : random() < 0.9
          ? 'syn'
          : pick(['fin', 'null', 'xmas', 'ack', 'syn-data'] as const);
    const isn = Math.floor(random() * 2 ** 32);
    const rtt = 20e-6 + random() ** 4 * 0.3;
    const router = v6 ? '2001:db8:0:ffff::1' : '203.0.113.1';
    const frames: number[] = [];
    const segment = (offset: number, source: string, changes: Partial<SegmentReport>): SegmentReport => {
      frames.push(frame);
      return {
        frame: frame++,
        time: timeText(at + offset),
        kind: 'probe',
        source,
        acceptable: true,
        reason: 'syn',
        ttl: 64,
        hops: 0,
        ipId: v6 ? null : Math.floor(random() * 65_536),
        dontFragment: true,
        flags: 'SYN',
        sequence: isn,
        acknowledgment: 0,
        window: 64_240,
        options: 'mss 1460,sackOK,timestamp 1 0,nop,wscale 7',
        payloadLength: 0,
        payloadText: null,
        icmp: null,
        repeats: 0,
        checksumBad: false,
        fingerprint: null,
        ...changes,
      };
    };
    const reset: Partial<SegmentReport> = {
      kind: 'reset',
      reason: 'reset',
      flags: 'RST,ACK',
      sequence: 0,
      acknowledgment: (isn + 1) % 2 ** 32,
      window: 0,
      options: '',
      ipId: 0,
      fingerprint: 'R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=',
    };
    const synAck: Partial<SegmentReport> = {
      kind: 'syn-ack',
      reason: 'syn-ack',
      flags: 'SYN,ACK',
      sequence: Math.floor(random() * 2 ** 32),
      acknowledgment: (isn + 1) % 2 ** 32,
    };
    const opening =
      probe === null
        ? null
        : segment(
            0,
            client.address,
            probe === 'syn-data'
              ? { payloadLength: 12, payloadText: hostile ? HOSTILE[id % HOSTILE.length]! : 'GET / HTTP/1' }
              : probe === 'syn'
                ? {}
                : {
                    flags: probe === 'null' ? 'none' : probe === 'xmas' ? 'FIN,PSH,URG' : probe.toUpperCase(),
                    options: '',
                  },
          );
    const retransmissions = verdict === 'silent' ? 3 + Math.floor(random() * 4) : 0;
    const others: SegmentReport[] = [];
    let answer: SegmentReport | null = null;
    if (verdict === 'accepted') {
      answer = segment(rtt, server.address, synAck);
      if (random() < 0.3) others.push(segment(rtt + 0.8, server.address, { ...reset, ttl: 49, ipId: 4711 }));
    } else if (verdict === 'refused') {
      answer = segment(rtt, server.address, reset);
    } else if (verdict === 'unreachable') {
      answer = segment(rtt, router, {
        kind: 'icmp',
        reason: 'port-unreach',
        flags: null,
        sequence: null,
        acknowledgment: null,
        window: null,
        options: '',
        payloadLength: null,
        ttl: 63,
        hops: 1,
        icmp: { type: v6 ? 1 : 3, code: v6 ? 4 : 3 },
      });
    } else if (verdict === 'unsolicited') {
      answer = segment(0, server.address, random() < 0.5 ? synAck : reset);
    } else if (verdict === 'invalid-reset') {
      others.push(segment(rtt, server.address, { ...reset, acceptable: false, acknowledgment: 12_345, repeats: 2 }));
      answer = others.pop()!;
    } else if (verdict === 'challenged') {
      answer = segment(rtt, server.address, {
        kind: 'ack',
        reason: 'tcp-response',
        flags: 'ACK',
        options: '',
        sequence: 77,
        acknowledgment: 99,
      });
    } else if (verdict === 'simultaneous') {
      answer = segment(rtt, server.address, { kind: 'syn', reason: 'split-handshake-syn', sequence: 5 });
    }
    for (let repeat = 0; repeat < retransmissions; repeat++) frames.push(frame++);
    const established = verdict === 'accepted' && random() < 0.6;
    if (established) for (let more = 0; more < 5; more++) frames.push(frame++);
    const exchange: ExchangeReport = {
      id,
      input: index % inputCount,
      client,
      server,
      portZero: 'server',
      probe,
      verdict,
      state,
      reason,
      inferred: false,
      lateStart: false,
      answeredBy: answer?.source ?? null,
      started: timeText(at),
      answered: answer?.time ?? null,
      latencyMs: answer === null || probe === null ? null : rtt * 1000,
      retransmissions,
      frames: {
        probe: opening?.frame ?? null,
        answer: answer?.frame ?? null,
        all: frames,
        count: frames.length,
        omitted: 0,
      },
      established,
      bytesToServer: established ? 420 : 0,
      bytesToClient: established ? 1337 : 0,
      close: established ? 'fin' : null,
      layers: v6 ? ['ethernet', 'ipv6', 'tcp'] : ['ethernet', 'vlan', 'ipv4', 'tcp'],
      scope: v6 ? '' : 'vlan 5',
      answerScope: null,
      communityId: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
      anomalies: random() < 0.03 ? ['odd-flags'] : [],
      evidence: {
        probe: opening,
        answer,
        otherAnswers: others,
        segments: [],
        notes: hostile
          ? [HOSTILE[id % HOSTILE.length]!]
          : others.length > 0
            ? ['A later RST has another TTL (49, not 64): somebody else answered too.']
            : [],
      },
    };
    exchanges.push(exchange);
    const flag = (ruleId: string, severity: Severity, message: string) =>
      findings.push({
        ruleId,
        severity,
        message: hostile ? `${message} ${HOSTILE[id % HOSTILE.length]}` : message,
        exchange: id,
        input: exchange.input,
        frames: frames.slice(0, 2),
        time: exchange.started,
        data: {},
      });
    if (probe === null)
      flag(
        'port-zero-backscatter',
        'info',
        `${server.address} answered from port 0, and nothing in the capture asked.`,
      );
    else if (probe.startsWith('syn'))
      flag('syn-to-port-zero', 'warning', `${client.address} sent a SYN to port 0 of ${server.address}: ${verdict}.`);
    else
      flag(
        'stealth-probe-to-port-zero',
        'warning',
        `${client.address} sent a ${probe} probe to port 0 of ${server.address}.`,
      );
    if (verdict === 'accepted')
      flag('port-zero-accepted', 'error', `${server.address} accepted a connection on port 0.`);
    if (established) flag('port-zero-data', 'error', '1757 bytes of payload went over port 0.');
    if (verdict === 'invalid-reset') flag('invalid-reset', 'warning', 'A RST whose ACK does not acknowledge the SYN.');
    if (others.length > 0) flag('conflicting-answers', 'warning', 'A SYN-ACK, then a RST from another sender.');
  }

  const count = options.exchanges;
  if (count > 1) {
    const lone = (ruleId: string, severity: Severity, message: string, frames: readonly number[]) =>
      findings.push({
        ruleId,
        severity,
        message: hostile ? `${message} ${HOSTILE[0]}` : message,
        exchange: null,
        input: 0,
        frames,
        time: frames.length > 0 ? timeText(3.25) : null,
        data: {},
      });
    lone(
      'expectation',
      'error',
      '“the edge refuses port 0”: wanted refused within 100 ms from 203.0.113.0/24, saw 2 silent.',
      [],
    );
    lone('port-zero-scan', 'warning', '192.0.2.1 asked port 0 of 38 hosts within 60 s.', [1, 3, 5, 7, 9, 11]);
    lone('port-zero-flood', 'error', '198.51.100.1 got 140 openings to port 0 within 1 s.', [20, 21, 22, 23, 24, 25]);
    lone('udp-port-zero', 'info', '192.0.2.9 sent a UDP datagram to port 0 of 198.51.100.3.', [31]);
  }

  const omitted = options.omitted ?? 0;
  const counts = (extra: number): VerdictCounts => {
    const tally = Object.fromEntries([['total', 0], ...VERDICTS.map((verdict) => [verdict, 0])]) as Record<
      'total' | Verdict,
      number
    >;
    for (const { verdict } of exchanges) tally[verdict]++;
    tally.refused += omitted + extra;
    tally.total = exchanges.length + omitted + extra;
    return tally;
  };
  const tally: Record<Severity, number> = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) tally[severity]++;
  const inputs = Array.from(
    { length: inputCount },
    (_, index): InputReport => ({
      name: hostile ? `${HOSTILE[index % HOSTILE.length]}.pcap` : `captures/edge-${index + 1}.pcapng`,
      format: 'pcapng',
      compression: index % 2 === 1 ? 'gzip' : null,
      linkTypes: ['EN10MB'],
      frames: Math.round(frame * 3.5),
      bytes: frame * 390,
      firstTime: timeText(0),
      lastTime: timeText(seconds),
      complete: !hostile && index !== 2,
      drops: index % 2 === 0 ? 0 : null,
      problems:
        hostile || index === 2
          ? [
              {
                code: 'truncated-record',
                offset: 1234,
                frame: 17,
                message: hostile
                  ? HOSTILE[1]
                  : `captures/edge-${index + 1}.pcapng: the record is cut after 40 of 74 bytes`,
              },
            ]
          : [],
    }),
  );
  return {
    report: {
      schemaVersion: 1,
      tool: { name: 'portzero', version: '0.1.0' },
      inputs,
      summary: {
        frames: Math.round(frame * 3.5) * inputCount,
        tcpSegments: frame * 3,
        icmpErrors: 12,
        fragments: 3,
        notLookedInto: { frames: 0, reasons: {} },
        undecoded: count > 0 ? { 'unsupported-ethertype': 14, 'truncated-tcp': 2 } : {},
        exchanges: counts(Math.round(count * 1.7) + 40),
        portZero: counts(0),
        findings: tally,
      },
      exchanges,
      findings,
      omitted: { exchanges: omitted, findings: 0, evicted: 0, attempts: 0 },
      ...countOverview(exchanges),
    },
    groups: groupsOf(exchanges, findings, omitted),
    elapsedMs: 12,
  };
}

function drawVerdict(number: number): Verdict {
  let left = number;
  for (const [verdict, share] of SHARES) {
    left -= share;
    if (left < 0) return verdict;
  }
  return 'refused';
}

function groupsOf(
  exchanges: readonly ExchangeReport[],
  findings: readonly FindingReport[],
  omitted: number,
): ExchangeGroup[] {
  const rules = new Map<number, FindingReport[]>();
  for (const finding of findings) {
    if (finding.exchange === null) continue;
    const own = rules.get(finding.exchange);
    if (own) own.push(finding);
    else rules.set(finding.exchange, [finding]);
  }
  const groups = new Map<string, ExchangeReport[]>();
  for (const exchange of exchanges) {
    const key = [
      exchange.input,
      exchange.probe,
      exchange.verdict,
      ...(rules.get(exchange.id) ?? []).map(({ ruleId }) => ruleId),
    ].join();
    const members = groups.get(key);
    if (members) members.push(exchange);
    else groups.set(key, [exchange]);
  }
  return [...groups.values()].map((members, index): ExchangeGroup => {
    const [first] = members;
    const own = rules.get(first!.id) ?? [];
    const severities = own.map(({ severity }) => severity);
    return {
      input: first!.input,
      inputs: 1,
      portZero: first!.portZero,
      probe: first!.probe,
      verdict: first!.verdict,
      lateStart: first!.lateStart,
      state: first!.state,
      reason: first!.reason,
      ruleIds: own.map(({ ruleId }) => ruleId),
      severity: severities.includes('error') ? 'error' : severities.includes('warning') ? 'warning' : 'info',
      count: members.length + (index === 0 ? omitted : 0),
      clients: {
        count: new Set(members.map(({ client }) => client.address)).size,
        atLeast: index === 0 && omitted > 0,
      },
      servers: { count: new Set(members.map(({ server }) => server.address)).size, atLeast: false },
      firstTime: first!.started,
      lastTime: members.at(-1)!.started,
      examples: members.slice(0, 5),
    };
  });
}
