import { formatAddress } from '../../decode/address.ts';
import { layerName } from '../../decode/layers.ts';
import { ANOMALY_SNAPPED, RST } from '../../decode/packet.ts';
import { formatTcpOptions } from '../../decode/transport/tcp-options.ts';
import type { Fired } from '../../engine/engine.ts';
import type { Exchange, SegmentEvidence } from '../../track/exchange.ts';
import { escapeBytes } from '../../words/escape.ts';
import { anomalyWords, formatFlags } from '../../words/flags.ts';
import { communityId, PROTOCOL_TCP, PROTOCOL_UDP } from './community-id.ts';
import { formatFingerprint, guessHops } from './fingerprint.ts';
import { describeNotes } from './notes.ts';
import { formatTime } from './time.ts';
import type { ExchangeReport, SegmentReport } from './types.ts';

export interface DescribeContext {
  /** Index of the input in the report. */
  readonly input: number;
  /** Number of the exchange in the report. */
  readonly id: number;
  scopeName(scope: number): string;
  /** 16 bits; null for no Community ID, which takes a cryptographic hash. */
  readonly communityIdSeed: number | null;
}

function describeFrames(exchange: Exchange): ExchangeReport['frames'] {
  const { probeFrame, answerFrame, frames, frameCount } = exchange;
  const all = [...frames];
  return {
    probe: probeFrame,
    answer: answerFrame,
    all,
    count: frameCount,
    omitted: Math.max(0, frameCount - all.length),
  };
}

/** The tracker's view of an exchange as the plain object that reports are made of. Keeps nothing of the view. */
export function describeExchange(exchange: Exchange, context: DescribeContext): ExchangeReport {
  const probe = exchange.probeEvidence;
  const answer = exchange.answerEvidence;
  const others = exchange.otherAnswers;
  const describe = (segment: SegmentEvidence) => describeSegment(segment, exchange, probe);
  return {
    id: context.id,
    input: context.input,
    client: { address: formatAddress(exchange.clientAddress), port: exchange.clientPort },
    server: { address: formatAddress(exchange.serverAddress), port: exchange.serverPort },
    portZero: exchange.portZero,
    probe: exchange.probe,
    verdict: exchange.verdict,
    state: exchange.state,
    reason: exchange.reason,
    inferred: exchange.inferred,
    lateStart: exchange.underWay,
    answeredBy: exchange.answeredBy === null ? null : formatAddress(exchange.answeredBy),
    started: formatTime(exchange.started),
    answered: exchange.answered === null ? null : formatTime(exchange.answered),
    latencyMs: exchange.latencyNanos === null ? null : exchange.latencyNanos / 1e6,
    retransmissions: exchange.retransmissions,
    frames: describeFrames(exchange),
    established: exchange.established,
    bytesToServer: exchange.bytesToServer,
    bytesToClient: exchange.bytesToClient,
    close: exchange.close,
    layers: Array.from(exchange.layers, layerName),
    scope: context.scopeName(exchange.scope),
    answerScope: exchange.answerScope === null ? null : context.scopeName(exchange.answerScope),
    communityId: context.communityIdSeed === null ? null : communityIdOf(exchange, context.communityIdSeed),
    anomalies: anomalyWords(exchange.anomalies),
    evidence: {
      probe: probe && describe(probe),
      answer: answer && describe(answer),
      otherAnswers: others.map(describe),
      segments: exchange.segments.map(({ fromClient, time, flags, ...segment }) => ({
        frame: segment.frame,
        time: formatTime(time),
        sender: fromClient ? 'client' : 'server',
        ttl: segment.ttl,
        flags: formatFlags(flags),
        sequence: segment.sequence,
        acknowledgment: segment.acknowledgment,
        window: segment.window,
        payloadLength: segment.payloadLength,
        checksumBad: segment.checksumBad,
      })),
      notes: describeNotes(exchange, probe, answer, others),
    },
  };
}

function communityIdOf(exchange: Exchange, seed: number): string {
  const flow = {
    sourceAddress: exchange.clientAddress,
    destinationAddress: exchange.serverAddress,
    sourcePort: exchange.clientPort,
    destinationPort: exchange.serverPort,
    protocol: PROTOCOL_TCP,
  };
  return communityId(flow, seed);
}

/**
 * Data of a finding about no single exchange: whom it is about. A window has one end, and its openings many ports; a
 * datagram has all of a flow.
 */
export function describeEnds(
  { client, server, datagramPort }: Pick<Fired, 'client' | 'server' | 'datagramPort'>,
  communityIdSeed: number | null,
): Record<string, string | number> {
  // Windows and datagrams are about openings and datagrams to port 0.
  const serverPort = 0;
  const ends = {
    ...(client === null ? {} : { client: formatAddress(client) }),
    ...(datagramPort === null ? {} : { clientPort: datagramPort }),
    ...(server === null ? {} : { server: formatAddress(server) }),
    serverPort,
  };
  if (client === null || server === null || datagramPort === null) return ends;
  const flow = {
    sourceAddress: client,
    destinationAddress: server,
    sourcePort: datagramPort,
    destinationPort: serverPort,
    protocol: PROTOCOL_UDP,
  };
  return {
    ...ends,
    transport: 'udp',
    ...(communityIdSeed === null ? {} : { communityId: communityId(flow, communityIdSeed) }),
  };
}

function describeSegment(segment: SegmentEvidence, exchange: Exchange, probe: SegmentEvidence | null): SegmentReport {
  const isReset = segment.flags !== null && (segment.flags & RST) !== 0;
  const fromServer = Buffer.compare(segment.source, exchange.serverAddress) === 0;
  return {
    frame: segment.frame,
    time: formatTime(segment.time),
    kind: segment.kind,
    source: formatAddress(segment.source),
    acceptable: segment.acceptable,
    reason: segment.reason,
    ttl: segment.ttl,
    hops: guessHops(segment.ttl),
    ipId: segment.ipId,
    dontFragment: segment.dontFragment,
    flags: segment.flags === null ? null : formatFlags(segment.flags),
    sequence: segment.sequence,
    acknowledgment: segment.acknowledgment,
    window: segment.window,
    // What the capture cut in the middle of an option is no bad option.
    options: formatTcpOptions(segment.options).replace(
      /\[bad opt\]$/,
      (exchange.anomalies & ANOMALY_SNAPPED) === 0 ? '$&' : '[cut]',
    ),
    payloadLength: segment.payloadLength,
    payloadText: segment.payload.length === 0 ? null : escapeBytes(segment.payload),
    icmp: segment.icmpType === null ? null : { type: segment.icmpType, code: segment.icmpCode ?? 0 },
    repeats: segment.repeats,
    checksumBad: segment.checksumBad,
    fingerprint: isReset && fromServer && segment.kind === 'reset' ? formatFingerprint(probe, segment) : null,
  };
}
