/** Traffic that is hard on whoever keeps the books of exchanges: few ends, numbers that nearly fit, a clock that jumps. */
import fc from 'fast-check';
import { MICRO, MODIFIED, NANO, type Option, pcap, pcapngBlocks } from '../support/capture-builder.ts';
import {
  bytesOf,
  ethernet,
  fragmentIpv4,
  fragmentIpv6,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  nullLoopback,
  quoted,
  sll,
  sll2,
  type Transport,
  tcp,
  udp,
} from '../support/frames.ts';
import { gre, mpls, vxlan } from '../support/wrappings.ts';

/** Two ends. What is random about the numbers of a conversation is drawn here, so that segments meet. */
export interface Flow {
  readonly isIpv6: boolean;
  readonly client: number;
  readonly server: number;
  readonly clientPort: number;
  readonly serverPort: number;
  readonly clientIsn: number;
  readonly serverIsn: number;
  readonly vlans: readonly number[];
  /** What is usual here: segments from the client (c) and from the server (s). */
  readonly script: readonly string[];
}

export interface Step {
  readonly flow: number;
  /** The next segment of the flow's script, in place of the next three fields. */
  readonly isNext: boolean;
  readonly fromServer: boolean;
  readonly flags: string;
  /** Numbers as they should be for these flags; otherwise `sequence` and `acknowledgment` say how they are off. */
  readonly isSane: boolean;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** Another attempt: added to the client's initial number. */
  readonly attempt: number;
  /** Since the step before, in microseconds. */
  readonly wait: number;
  readonly ttl: number;
  readonly ipId: number;
  readonly payload: number;
  readonly shape: Shape;
  /** Which interface of pcapng. */
  readonly onInterface: number;
  /** In place of the flow's, if any. */
  readonly vlans: readonly number[] | null;
}

type Shape =
  | 'plain'
  | 'mirror'
  | 'ip-options'
  | 'tcp-options'
  | 'icmp'
  | 'icmp-off'
  | 'fragments'
  | 'fragments-tiny'
  | 'snapped'
  | 'snapped-options'
  | 'long'
  | 'short'
  | 'small-header'
  | 'padded'
  | 'udp'
  | 'mpls'
  | 'gre'
  | 'vxlan'
  | 'junk';

const ODD_SHAPES: readonly Shape[] = [
  'icmp',
  'icmp-off',
  'fragments',
  'fragments-tiny',
  'snapped',
  'snapped-options',
  'long',
  'short',
  'small-header',
  'udp',
  'mpls',
  'gre',
  'vxlan',
  'junk',
];

const IPV4 = ['192.0.2.1', '198.51.100.7', '203.0.113.9'];
const IPV6 = ['2001:db8::1', '2001:db8:1::7', '2001:db8::1:0:0:1'];

export const weighted = <T>(...choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

const isn = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(100, 5000, 0, 0xffff_ffff, 0xffff_fffe, 0x7fff_ffff, 0x8000_0000) },
  { weight: 1, arbitrary: fc.nat(0xffff_ffff) },
);

const vlanTags = weighted<readonly number[]>(
  [12, []],
  [3, [5]],
  [1, [0]],
  [1, [0, 5]],
  [1, [5, 0]],
  [1, [5, 6]],
  [1, [4095]],
);

export const flowArbitrary: fc.Arbitrary<Flow> = fc.record({
  isIpv6: weighted([3, false], [1, true]),
  client: fc.nat(2),
  // Now and then an end that speaks to itself.
  server: weighted([6, 1], [4, 2], [1, 0]),
  clientPort: weighted([8, 40000], [3, 80], [1, 0], [1, 65535]),
  serverPort: weighted([10, 80], [2, 443], [1, 0]),
  clientIsn: isn,
  serverIsn: isn,
  vlans: vlanTags,
  script: fc.constantFrom(
    ['cS', 'sSA', 'cA', 'cFA', 'sFA', 'cA'],
    ['cS', 'sSA', 'cA', 'sFA', 'cFA', 'sA'],
    ['cS', 'sSA', 'cA', 'cFA', 'sRA'],
    ['cS', 'sSA', 'sSA', 'cR'],
    ['cS', 'cS', 'sRA', 'sRA'],
    ['cS', 'sRA', 'cS'],
    ['cS', 'cS', 'cS', 'sSA', 'sR'],
    ['cS', 'cS'],
  ),
});

const SECOND = 1_000_000;
/** `isQuick`: answers mostly come in time. */
const waitArbitrary = (isQuick: boolean) =>
  fc.oneof(
    { weight: isQuick ? 60 : 8, arbitrary: fc.constantFrom(0, 1, 5000, 10_000, 10_001, 100_000) },
    { weight: 5, arbitrary: fc.constantFrom(1 * SECOND, 3 * SECOND, 5 * SECOND, 5 * SECOND - 1, 5 * SECOND + 1) },
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 30 * SECOND }) },
    { weight: 2, arbitrary: fc.integer({ min: -SECOND, max: 0 }) },
    { weight: 1, arbitrary: fc.integer({ min: -60 * SECOND, max: 0 }) },
    { weight: 1, arbitrary: fc.constantFrom(100_000 * SECOND, -200_000 * SECOND, 1000 * SECOND) },
  );

/** `odd`: of twelve segments about so many are not what they should be. */
const stepArbitrary = (odd: number, isQuick: boolean): fc.Arbitrary<Step> =>
  fc.record({
    flow: weighted([6, 0], [4, 1], [3, 2], [2, 3]),
    isNext: weighted([20, true], [1 + odd, false]),
    fromServer: fc.boolean(),
    flags: fc.oneof(
      { weight: 12, arbitrary: weighted([10, 'S'], [9, 'SA'], [6, 'RA'], [4, 'R'], [9, 'FA'], [2, 'A']) },
      {
        weight: odd,
        arbitrary: fc.constantFrom('F', 'PA', 'SEC', 'SAE', 'Se', 'SF', 'SR', 'FR', 'SAR', 'SAF', 'FPU', ''),
      },
    ),
    isSane: weighted([12, true], [odd, false]),
    sequence: fc.oneof(
      fc.integer({ min: -2, max: 3 }),
      fc.constantFrom(0x4000_0000, 0x3fff_ffff, 0x4000_0001),
      fc.nat(),
    ),
    acknowledgment: fc.oneof(fc.integer({ min: -2, max: 6 }), fc.nat()),
    attempt: weighted([12, 0], [odd, 1], [odd, 1000]),
    wait: waitArbitrary(isQuick),
    ttl: fc.oneof(
      { weight: 12, arbitrary: fc.constant(64) },
      { weight: odd, arbitrary: fc.constantFrom(63, 56, 55, 255, 0) },
    ),
    ipId: weighted([2, 0], [3, 1], [2, 2], [1, 0xffff]),
    payload: weighted([12, 0], [odd, 1], [odd, 5]),
    shape: fc.oneof(
      { weight: 24, arbitrary: fc.constant<Shape>('plain') },
      { weight: 4, arbitrary: fc.constantFrom<Shape>('mirror', 'tcp-options', 'ip-options', 'padded') },
      { weight: odd, arbitrary: fc.constantFrom<Shape>('icmp', 'snapped', ...ODD_SHAPES) },
    ),
    onInterface: fc.nat(4),
    vlans: fc.oneof({ weight: 36, arbitrary: fc.constant(null) }, { weight: odd, arbitrary: vlanTags }),
  });

/** Steps of one case: more or less odd. */
export const stepsArbitrary: fc.Arbitrary<Step[]> = fc
  .tuple(fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 6), fc.boolean())
  .chain(([odd, isQuick]) => fc.array(stepArbitrary(odd, isQuick), { minLength: 1, maxLength: 50, size: 'max' }));

/** A packet on its way into a capture. */
export interface Sent {
  /** Microseconds since 1970. */
  readonly time: number;
  readonly packet: Uint8Array;
  readonly vlans: readonly number[];
  /** EtherType, where the packet is not plain IP. */
  readonly type: number | null;
  /** Bytes of the packet, not of what is around it, that were captured. */
  readonly captured: number;
  readonly isPadded: boolean;
  readonly onInterface: number;
}

const EPOCH = 1_700_000_000 * SECOND;

function segmentOf(step: Step, flow: Flow): Transport {
  const { flags, fromServer, shape } = step;
  const clientIsn = flow.clientIsn + step.attempt;
  const own = fromServer ? flow.serverIsn : clientIsn;
  const peer = fromServer ? clientIsn : flow.serverIsn;
  const isAnswer = flags.includes('A');
  let sequence = own + (flags.includes('S') ? 0 : 1);
  let acknowledgment = isAnswer ? peer + 1 : 0;
  // A closed port knows no number of its own; who gives up a conversation does.
  if (flags === 'RA' && fromServer && !flow.script.includes('sSA')) sequence = 0;
  if (!step.isSane) {
    sequence = own + step.sequence;
    acknowledgment = step.acknowledgment === 6 ? 0 : peer + step.acknowledgment;
  }
  const hasOptions = shape === 'tcp-options' || shape === 'snapped-options';
  return tcp({
    sourcePort: fromServer ? flow.serverPort : flow.clientPort,
    destinationPort: fromServer ? flow.clientPort : flow.serverPort,
    sequence: sequence >>> 0,
    acknowledgment: acknowledgment >>> 0,
    flags,
    ...(hasOptions ? { options: [2, 4, 5, 180, 1, 3, 3, 7] } : {}),
    ...(shape === 'small-header' ? { dataOffset: 4 } : {}),
    payload: new Uint8Array(shape === 'fragments' ? step.payload + 16 : step.payload),
  });
}

function packetOf(step: Step, flow: Flow): Uint8Array {
  const addresses = flow.isIpv6 ? IPV6 : IPV4;
  const client = addresses[flow.client]!;
  const server = addresses[flow.server]!;
  const [source, destination] = step.fromServer ? [server, client] : [client, server];
  const payload =
    step.shape === 'udp'
      ? udp({ sourcePort: flow.clientPort, destinationPort: flow.serverPort, payload: [1, 2] })
      : segmentOf(step, flow);
  const size = (step.shape === 'long' ? 40 : 20) + step.payload - (step.shape === 'short' ? 12 : 0);
  const isWrong = step.shape === 'long' || step.shape === 'short';
  if (flow.isIpv6)
    return ipv6({ source, destination, hopLimit: step.ttl, ...(isWrong ? { payloadLength: size } : {}) }, payload);
  return ipv4(
    {
      source,
      destination,
      ttl: step.ttl,
      id: step.ipId,
      ...(step.shape === 'ip-options' ? { options: [1, 1, 1, 1] } : {}),
      ...(isWrong ? { totalLength: 20 + size } : {}),
    },
    payload,
  );
}

/** An error about the packet: from its destination, or from somebody on its way. */
function errorAbout(packet: Uint8Array, flow: Flow, isOff: boolean): Uint8Array {
  const body = quoted(packet, isOff ? 4 : 8);
  return flow.isIpv6
    ? ipv6({ source: '2001:db8::99' }, icmpv6({ type: 1, code: 4, body }))
    : ipv4({ source: '192.0.2.99' }, icmp({ type: 3, code: isOff ? 0 : 3, body }));
}

/** The packets that the steps come to. */
export function play(flows: readonly Flow[], steps: readonly Step[]): Sent[] {
  const sent: Sent[] = [];
  let time = EPOCH;
  const progress = flows.map(() => 0);
  // The first that is heard of a VLAN is the decoder's: let that be somebody else's SYN.
  for (const id of new Set(flows.flatMap(({ vlans }) => vlans))) {
    const packet = ipv4({ source: '192.0.2.200' }, tcp({ destinationPort: 80 }));
    sent.push({ time, packet, vlans: [id], type: null, captured: packet.length, isPadded: false, onInterface: 0 });
  }
  for (const given of steps) {
    const index = given.flow % flows.length;
    const flow = flows[index]!;
    let step = given;
    if (given.isNext && given.shape !== 'mirror') {
      const next = flow.script[progress[index]!++ % flow.script.length]!;
      step = { ...given, fromServer: next.startsWith('s'), flags: next.slice(1), isSane: true };
    }
    time = Math.max(SECOND, time + step.wait);
    const { shape, onInterface } = step;
    const add = (packet: Uint8Array, fields: Partial<Sent> = {}) =>
      sent.push({
        time,
        packet,
        vlans: step.vlans ?? flow.vlans,
        type: null,
        captured: packet.length,
        isPadded: shape === 'padded',
        onInterface,
        ...fields,
      });
    const last = sent.at(-1);
    if (shape === 'mirror' && last !== undefined) {
      // The packet before again, one hop on, as a mirror port shows it.
      time = last.time + (step.wait % 2 === 0 ? 9000 : 10_001);
      const copy = last.packet.slice();
      copy[copy[0]! >> 4 === 6 ? 7 : 8]! -= step.payload > 0 ? 9 : 1;
      add(copy, { vlans: last.vlans, type: last.type, captured: last.captured });
      continue;
    }
    const packet = packetOf(step, flow);
    const inner = flow.isIpv6 ? 40 : (packet[0]! & 15) * 4;
    switch (shape) {
      case 'icmp':
      case 'icmp-off':
        add(errorAbout(packet, flow, shape === 'icmp-off'));
        break;
      case 'fragments':
      case 'fragments-tiny': {
        const cuts = [shape === 'fragments' ? 24 : 8];
        const pieces = flow.isIpv6 ? fragmentIpv6(packet, cuts, step.ipId) : fragmentIpv4(packet, cuts);
        for (const piece of step.fromServer ? pieces.reverse() : pieces) add(piece);
        break;
      }
      case 'snapped':
        add(packet, { captured: inner + [0, 8, 13, 14, 19][step.ipId % 5]! });
        break;
      case 'snapped-options':
        add(packet, { captured: inner + 24 });
        break;
      case 'mpls':
        add(mpls([16 + step.attempt], packet), { type: 0x8847 });
        break;
      case 'gre':
        add(ipv4({ source: '192.0.2.77', destination: '192.0.2.78' }, gre({}, packet)));
        break;
      case 'vxlan':
        add(ipv4({ source: '192.0.2.77', destination: '192.0.2.78' }, vxlan(9, ethernet({}, packet))));
        break;
      case 'junk':
        add(bytesOf(packet.slice(0, 1), new Uint8Array(step.ttl).fill(step.ipId & 0xff)));
        break;
      default:
        add(packet);
    }
  }
  return sent;
}

// --- captures ----------------------------------------------------------------------------------------------------------

/** How packets become a capture. */
export interface Form {
  readonly format: 'micro' | 'nano' | 'modified' | 'pcapng';
  readonly endian: 'little' | 'big';
  /** Of pcap; of pcapng one for each interface. */
  readonly links: readonly number[];
  /** Bits of the link type that say so. */
  readonly hasFcs: boolean;
  /** Bytes that come at once. */
  readonly piece: number;
  /** What stands between the blocks of pcapng. */
  readonly blocks: readonly Between[];
}

type Between =
  | 'none'
  | 'custom'
  | 'names'
  | 'statistics'
  | 'simple'
  | 'obsolete'
  | 'journal'
  | 'options'
  | 'drops'
  | 'section';

const LINKS = [1, 1, 1, 101, 113, 276, 0, 108, 12, 14, 228, 229];

export const formArbitrary: fc.Arbitrary<Form> = fc.record({
  format: fc.constantFrom('micro', 'nano', 'modified', 'pcapng', 'pcapng'),
  endian: fc.constantFrom('little', 'big'),
  links: fc.array(fc.constantFrom(...LINKS), { minLength: 4, maxLength: 4 }),
  hasFcs: weighted([6, false], [1, true]),
  piece: fc.constantFrom(1 << 20, 1 << 20, 997, 61),
  blocks: fc.array(
    weighted<Between>(
      [20, 'none'],
      [1, 'custom'],
      [1, 'names'],
      [1, 'statistics'],
      [1, 'simple'],
      [1, 'obsolete'],
      [1, 'journal'],
      [2, 'options'],
      [1, 'drops'],
      [1, 'section'],
    ),
    { minLength: 1, maxLength: 50 },
  ),
});

function linkFrame(link: number, sent: Sent): Uint8Array {
  const { packet, vlans, type, captured, isPadded } = sent;
  const isPlain = type === null && vlans.length === 0;
  const etherType = type ?? (packet[0]! >> 4 === 6 ? 0x86dd : 0x0800);
  const tags = vlans.map((id, i) => [i === 0 ? etherTypeOfTag(id) : 0x8100, id] as const);
  let frame: Uint8Array;
  switch (link) {
    case 1:
      frame = ethernet(
        {
          type: etherType,
          vlans: tags.map(([tagType, id]) => ({ id, type: tagType })),
          ...(isPadded ? { pad: 0 } : {}),
        },
        packet,
      );
      break;
    case 113:
    case 276: {
      // Behind the header as behind Ethernet's: tags first, each with the type of what follows.
      const types = [...tags.map(([tagType]) => tagType), etherType];
      const body = bytesOf(
        ...tags.flatMap(([, id], i) => [
          [id >> 8, id & 255],
          [types[i + 1]! >> 8, types[i + 1]! & 255],
        ]),
        packet,
      );
      frame = link === 113 ? sll({ protocol: types[0]! }, body) : sll2({ protocol: types[0]! }, body);
      break;
    }
    case 0:
    case 108:
      if (!isPlain) return linkFrame(1, sent);
      frame = nullLoopback(etherType === 0x0800 ? 2 : 30, packet, link === 0);
      break;
    default:
      frame = packet;
  }
  const before = frame.length - packet.length;
  return captured < packet.length ? frame.subarray(0, Math.max(0, before) + captured) : frame;
}

const etherTypeOfTag = (id: number) => (id === 6 ? 0x88a8 : 0x8100);

/** Nanoseconds that microseconds leave out; some, so that not all of them are round. */
const extraNanos = (i: number) => (i % 3) * 333;

export function capture(sent: readonly Sent[], form: Form): Uint8Array {
  return form.format === 'pcapng' ? pcapngOf(sent, form) : pcapOf(sent, form);
}

function pcapOf(sent: readonly Sent[], { format, endian, links, hasFcs }: Form): Uint8Array {
  const link = links[0]!;
  const magic = { micro: MICRO, nano: NANO, modified: MODIFIED, pcapng: 0 }[format];
  const records = sent.map((one, i) => {
    const bytes = linkFrame(link, one);
    const micros = one.time % SECOND;
    return {
      seconds: Math.floor(one.time / SECOND),
      // One in many runs over a second, as some writers have it.
      fraction: (format === 'nano' ? micros * 1000 + extraNanos(i) : micros) + (i % 17 === 16 ? SECOND : 0),
      bytes: hasFcs ? bytesOf(bytes, [1, 2, 3, 4]) : bytes,
      wireLength: bytes.length + (hasFcs ? 4 : 0) + Math.max(0, one.packet.length - one.captured),
    };
  });
  return pcap(records, { endian, magic, linkType: (link | (hasFcs ? 0x2400_0000 : 0)) >>> 0 });
}

/** Units and offsets of the four interfaces: micro- and nanoseconds, milliseconds from another epoch, powers of two. */
const UNITS = [
  { ticks: (time: number) => BigInt(time), options: [] as Option[] },
  { ticks: (time: number, nanos: number) => BigInt(time) * 1000n + BigInt(nanos), options: [[9, [9]]] as Option[] },
  { ticks: (time: number) => BigInt(Math.floor(time / 1000)) - 1_000_000n, options: [[9, [3]]] as Option[] },
  { ticks: (time: number) => (BigInt(time) << 20n) / BigInt(SECOND), options: [[9, [0x80 | 20]]] as Option[] },
] as const;

function pcapngOf(sent: readonly Sent[], { endian, links, hasFcs, blocks }: Form): Uint8Array {
  const write = pcapngBlocks(endian);
  const head = () => [
    write.section(),
    ...links.map((linkType, i) => {
      const { options } = UNITS[i]!;
      const all: Option[] = [...options];
      if (i === 2) all.push([14, write.u64(1000n)]);
      if (hasFcs && i === 0) all.push([13, [4]]);
      return write.interface({ linkType, options: all });
    }),
  ];
  const parts: Uint8Array[] = head();
  sent.forEach((one, i) => {
    const between = blocks[i % blocks.length]!;
    if (between === 'custom') parts.push(write.custom(new Uint8Array(3)));
    else if (between === 'names') parts.push(write.nameResolution());
    else if (between === 'statistics') parts.push(write.statistics({ options: [[5, write.u64(3n)]] }));
    else if (between === 'journal') parts.push(write.journal('MESSAGE=1\n'));
    else if (between === 'section') parts.push(...head());
    const interfaceId = one.onInterface % links.length;
    const bytes = linkFrame(links[interfaceId]!, one);
    const time = UNITS[interfaceId]!.ticks(one.time, extraNanos(i));
    const wireLength = bytes.length + Math.max(0, one.packet.length - one.captured);
    if (between === 'simple') parts.push(write.simple({ bytes: linkFrame(links[0]!, one) }));
    else if (between === 'obsolete') parts.push(write.obsolete({ interfaceId, time, bytes, wireLength, drops: i }));
    else {
      const options: Option[] =
        between === 'options' ? [[1, [65, 66]]] : between === 'drops' ? [[4, write.u64(2n)]] : [];
      parts.push(write.enhanced({ interfaceId, time, bytes, wireLength, options }));
    }
  });
  // What ends a capture may be no packet, though it has a number.
  const last = blocks.at(-1)!;
  if (last === 'custom' || last === 'journal')
    parts.push(write.journal('MESSAGE=2\n'), write.custom(new Uint8Array(5)));
  return Buffer.concat(parts);
}

// --- for people --------------------------------------------------------------------------------------------------------

/** The packets as one reads them in a dump: seconds since the first second, and what of the headers tells them apart. */
export function dump(sent: readonly Sent[], form: Form): string {
  const lines = sent.map(({ time, packet, vlans, type, captured, onInterface }) => {
    const isIpv6 = packet[0]! >> 4 === 6;
    const protocol = packet[isIpv6 ? 6 : 9];
    const at = isIpv6 ? 40 : (packet[0]! & 15) * 4;
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    const isSegment = type === null && protocol === 6 && packet.length >= at + 20;
    const flags = isSegment
      ? Array.from('FSRPAUEC')
          .filter((_, bit) => ((packet[at + 13]! >> bit) & 1) !== 0)
          .join('')
      : '';
    const end = (from: number, port: number) => `${packet.subarray(from, from + (isIpv6 ? 16 : 4)).join('.')}:${port}`;
    const text = isSegment
      ? [
          `${end(isIpv6 ? 8 : 12, view.getUint16(at))} > ${end(isIpv6 ? 24 : 16, view.getUint16(at + 2))} ${flags}`,
          `seq ${view.getUint32(at + 4)} ack ${view.getUint32(at + 8)} ttl ${packet[isIpv6 ? 7 : 8]}`,
          `id ${isIpv6 ? '-' : view.getUint16(4)} fragment ${isIpv6 ? '-' : view.getUint16(6)} of ${packet.length}`,
        ].join(' ')
      : `type ${type} protocol ${protocol}: ${Buffer.from(packet).toString('hex')}`;
    const cut = captured < packet.length ? ` captured ${captured}` : '';
    return `${((time - EPOCH) / SECOND).toFixed(6)} if ${onInterface} vlans ${vlans} ${text}${cut}`;
  });
  return [JSON.stringify(form), ...lines].join('\n');
}
