import type { ExchangeReport, SegmentReport } from '../report/model/types.ts';
import type { Probe } from '../track/exchange.ts';
import type { Answer, CaseName } from './types.ts';

/** What an exchange shows of the stack that was asked, in the atlas's terms. */
export interface Observation {
  /** The case of the battery that it is. */
  readonly case: CaseName;
  readonly family: 4 | 6;
  /** Null for silence. */
  readonly answer: Answer | null;
  /** Names of the TCP options that the question offered, without padding. */
  readonly offered: ReadonlySet<string>;
  /** Data in the question moves the number that is acknowledged, in ways in which stacks differ by application. */
  readonly withData: boolean;
}

const TO_ZERO: Readonly<Partial<Record<Probe, CaseName>>> = {
  syn: 'syn-to-0',
  'syn-data': 'syn-to-0',
  null: 'null-to-0',
  fin: 'fin-to-0',
  xmas: 'xmas-to-0',
  maimon: 'maimon-to-0',
  ack: 'ack-to-0',
};

/**
 * Verdicts in which the answer is the one that the question got, and is whole. A challenge ACK is about another connection
 * (RFC 5961 section 4), of which the battery has none.
 */
const TELLING = new Set(['accepted', 'refused', 'unreachable', 'silent', 'invalid-reset']);

/**
 * What can be held against the atlas. Null where the bytes say nothing of a stack: no port 0, no question, a verdict that is
 * not known, an answer that was not captured, or that somebody else sent.
 */
export function observe(exchange: ExchangeReport): Observation | null {
  const { evidence, verdict, portZero, probe, inferred } = exchange;
  if (portZero === null || probe === null || evidence.probe === null || inferred || !TELLING.has(verdict)) return null;
  // What a RST that has to be ignored looks like, it looks like all the same.
  const segment =
    verdict === 'silent' ? null : (evidence.answer ?? evidence.otherAnswers.find(({ kind }) => kind === 'reset'));
  if (segment === undefined) return null;
  if (segment !== null && (segment.source !== exchange.server.address || segment.checksumBad)) return null;
  const answer = segment === null ? null : describeAnswer(evidence.probe, segment);
  if (answer === undefined) return null;
  const name = caseOf(exchange, answer);
  if (name === null) return null;
  return {
    case: name,
    family: exchange.server.address.includes(':') ? 6 : 4,
    answer,
    offered: new Set(optionNames(evidence.probe.options).filter((option) => !isPadding(option))),
    withData: probe === 'syn-data',
  };
}

/** Which question of the battery it is; null for one that the battery does not ask. */
export function caseOf({ portZero, probe, server, client }: ExchangeReport, answer: Answer | null): CaseName | null {
  if (probe === null) return null;
  const isSyn = probe === 'syn' || probe === 'syn-data';
  if (client.port === 0 && server.port === 0) return isSyn ? 'syn-0-to-0' : null;
  if (portZero === 'server') return TO_ZERO[probe] ?? null;
  if (!isSyn) return null;
  if (portZero === 'client') {
    // Whether the port was open is known by the answer alone: silence does not tell which case it is.
    if (answer === null) return null;
    return answer.kind === 'syn-ack' ? 'syn-from-0-to-open' : 'syn-from-0-to-closed';
  }
  if (answer === null) return null;
  return answer.kind === 'syn-ack' ? 'syn-to-open' : 'syn-to-closed';
}

/** An answer's fields in the atlas's terms; undefined where the capture lacks some of them. */
export function describeAnswer(probe: SegmentReport, segment: SegmentReport): Answer | undefined {
  const ip = {
    ttl: segment.ttl,
    ...(segment.ipId === null
      ? {}
      : { ipId: segment.ipId === 0 ? ('0' as const) : ('set' as const), dontFragment: segment.dontFragment }),
  };
  if (segment.icmp !== null) return { kind: 'icmp', type: segment.icmp.type, code: segment.icmp.code, ...ip };
  const { flags, sequence, acknowledgment, window } = segment;
  if (flags === null || sequence === null || acknowledgment === null || window === null) return undefined;
  const names = flags.split(',');
  const options = optionNames(segment.options).join(',');
  return {
    kind: names.includes('RST') ? 'rst' : names.includes('SYN') ? (names.includes('ACK') ? 'syn-ack' : 'syn') : 'ack',
    flags,
    sequence: sequence === 0 ? '0' : sequence === probe.acknowledgment && hasAck(probe) ? 'ack' : 'own',
    acknowledgment: acknowledgmentRule(acknowledgment, probe),
    window,
    ...(options === '' ? {} : { options }),
    ...ip,
  };
}

function hasAck({ flags }: SegmentReport): boolean {
  return flags?.split(',').includes('ACK') === true;
}

function acknowledgmentRule(number: number, probe: SegmentReport): string {
  if (number === 0) return '0';
  if (probe.sequence !== null) {
    const ahead = (number - probe.sequence) >>> 0;
    if (ahead <= 2) return ahead === 0 ? 'seq' : `seq+${ahead}`;
  }
  return number === probe.acknowledgment ? 'ack' : 'other';
}

/** "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7" -> mss, sackOK, TS, nop, wscale. */
export function optionNames(text: string): string[] {
  return text === '' ? [] : text.split(',').map((option) => option.trim().split(' ')[0]!);
}

export function isPadding(option: string): boolean {
  return option === 'nop' || option === 'eol';
}
