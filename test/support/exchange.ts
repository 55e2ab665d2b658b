import type { Exchange, Opening, SegmentEvidence, Timestamp } from '../../src/track/exchange.ts';

type Ends = { client?: string; clientPort?: number; server?: string; serverPort?: number };

/**
 * A plain-object Exchange for tests: by default a SYN from 192.0.2.1:40000 to 198.51.100.7:0 that was refused. Ends are
 * texts ("192.0.2.1", "2001:db8::1"); portZero follows from the ports.
 */
export function makeExchange(fields: Partial<Omit<Exchange, 'clientAddress' | 'serverAddress'>> & Ends = {}): Exchange {
  const { client = '192.0.2.1', server = '198.51.100.7', ...rest } = fields;
  const clientPort = fields.clientPort ?? 40_000;
  const serverPort = fields.serverPort ?? 0;
  const clientAddress = addressBytes(client);
  const serverAddress = addressBytes(server);
  const answered = (fields.verdict ?? 'refused') === 'refused';
  return {
    id: 1,
    ipVersion: clientAddress.length === 4 ? 4 : 6,
    clientAddress,
    serverAddress,
    portZero: clientPort === 0 ? (serverPort === 0 ? 'both' : 'client') : serverPort === 0 ? 'server' : null,
    probe: 'syn',
    verdict: 'refused',
    state: 'closed',
    reason: 'reset',
    answeredBy: answered ? serverAddress : null,
    started: makeTime(0),
    opening: makeOpening({ clientAddress, serverAddress, started: makeTime(0), probeFrame: 1, ...rest }),
    answered: answered ? makeTime(0.001) : null,
    latencyNanos: answered ? 1_000_000 : null,
    retransmissions: 0,
    probeFrame: 1,
    answerFrame: answered ? 2 : null,
    frameCount: answered ? 2 : 1,
    frames: answered ? [1, 2] : [1],
    established: false,
    bytesToServer: 0,
    bytesToClient: 0,
    close: null,
    layers: new Uint8Array(0),
    scope: 0,
    answerScope: null,
    questionEvicted: false,
    anomalies: 0,
    anomalyFrame: null,
    dataFrame: null,
    conflicting: false,
    invalidResets: 0,
    firstInvalidResetFrame: null,
    unseenAnswer: false,
    inferred: false,
    underWay: false,
    sentSound: false,
    trustsChecksums: false,
    signs: { inferred: null, clientWentOn: null, clientReset: null, serverAck: null, split: null, hidden: null },
    shape: -1,
    mark: 0,
    probeEvidence: null,
    answerEvidence: null,
    otherAnswers: [],
    segments: [],
    ...rest,
    clientPort,
    serverPort,
  };
}

/** What Exchange.opening says. */
export function makeOpening({
  clientAddress,
  serverAddress,
  started,
  probeFrame,
}: Pick<Exchange, 'clientAddress' | 'serverAddress' | 'started' | 'probeFrame'>): Opening {
  const words = new Int32Array(8);
  for (const [at, address] of [
    [0, clientAddress],
    [4, serverAddress],
  ] as const) {
    for (let word = 0; word < address.length / 4; word++)
      words[at + word] = new DataView(address.buffer, address.byteOffset).getInt32(word * 4);
  }
  return { words, client: 0, server: 4, isIpv6: clientAddress.length === 16, ...started, frame: probeFrame ?? 0 };
}

export function makeEvidence(fields: Partial<SegmentEvidence> = {}): SegmentEvidence {
  return {
    frame: 2,
    time: makeTime(0.001),
    source: addressBytes('198.51.100.7'),
    ttl: 64,
    ipId: 0,
    dontFragment: true,
    kind: 'reset',
    acceptable: true,
    flags: 0x14,
    sequence: 0,
    acknowledgment: 1,
    window: 0,
    urgentPointer: 0,
    reservedBits: 0,
    options: new Uint8Array(0),
    payloadLength: 0,
    payload: new Uint8Array(0),
    icmpType: null,
    icmpCode: null,
    reason: 'reset',
    repeats: 0,
    checksumBad: false,
    headerBad: false,
    ofOther: false,
    early: false,
    quotedSequence: null,
    quotesServer: false,
    ...fields,
  };
}

/** Seconds after 2026-11-21T06:00:00Z, to the microsecond. */
export function makeTime(seconds: number): Timestamp {
  const micros = Math.round(seconds * 1e6);
  const whole = Math.floor(micros / 1e6);
  return { seconds: 1_795_240_800 + whole, nanos: (micros - whole * 1e6) * 1000, digits: 6 };
}

/** 4 bytes of dotted decimal, or 16 of the IPv6 text form (with at most one ::, no embedded IPv4). */
export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [left = '', right] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const head = groups(left);
  const tail = groups(right ?? '');
  const all = right === undefined ? head : [...head, ...new Array(8 - head.length - tail.length).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((group: number) => [group >> 8, group & 0xff]));
}
