import { formatAddress } from '../../src/decode/address.ts';
import { createDecoder, type DecoderOptions } from '../../src/decode/decoder.ts';
import { layerName } from '../../src/decode/layers.ts';
import type { Assembly, PacketRecord } from '../../src/decode/packet.ts';
import { TunnelPorts } from '../../src/decode/tunnel/ports.ts';
import { triage } from '../../src/prefilter/triage.ts';
import { createWaitingCells } from '../../src/track/waiting-ports.ts';
import { frameOf, type TestFrame } from '../support/frames.ts';

/** Whether a frame gets past triage. */
export function triageFrame(
  frame: TestFrame,
  {
    tunnelPorts,
    counts = { tcpSegments: 0 },
  }: Pick<DecoderOptions, 'tunnelPorts'> & { counts?: { tcpSegments: number } } = {},
): boolean {
  return triage(frame, frame.linkType, new TunnelPorts(tunnelPorts).bitmap, counts, createWaitingCells(), false);
}

/** What a record says, copied out of it, with text for numbers that need it. */
export interface Decoded {
  status: number;
  layers: string[];
  scope: string;
  path: string;
  ipVersion: number;
  source: string;
  destination: string;
  ttl: number;
  ipId: number;
  dontFragment: boolean;
  fragment: number;
  transport: number;
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgment: number;
  flags: number;
  headerLength: number;
  window: number;
  urgentPointer: number;
  reservedBits: number;
  payloadLength: number;
  payload: Uint8Array;
  options: Uint8Array;
  checksum: number;
  anomalies: number;
  icmpType: number;
  icmpCode: number;
  quote: Decoded | null;
  assembly: DecodedAssembly | null;
}

type DecodedAssembly = Pick<Assembly, 'isPartial' | 'isWhole' | 'owner' | 'hadFlags'> & {
  earlierFrames: number[];
};

export interface Outcome {
  packets: Decoded[];
  undecoded: Record<string, number>;
  counts: { tcpSegments: number; icmpErrors: number; fragments: number };
}

export function copyPacket(packet: PacketRecord, nameOf: (scope: number) => string): Decoded {
  const { bytes, sourceOffset, destinationOffset } = packet;
  const size = packet.ipVersion === 4 ? 4 : packet.ipVersion === 6 ? 16 : 0;
  return {
    status: packet.status,
    layers: Array.from(packet.layers.subarray(0, packet.layerCount), layerName),
    scope: nameOf(packet.scope),
    path: nameOf(packet.path),
    ipVersion: packet.ipVersion,
    source: size === 0 ? '' : formatAddress(bytes.slice(sourceOffset, sourceOffset + size)),
    destination: size === 0 ? '' : formatAddress(bytes.slice(destinationOffset, destinationOffset + size)),
    ttl: packet.ttl,
    ipId: packet.ipId,
    dontFragment: packet.dontFragment,
    fragment: packet.fragment,
    transport: packet.transport,
    sourcePort: packet.sourcePort,
    destinationPort: packet.destinationPort,
    sequence: packet.sequence,
    acknowledgment: packet.acknowledgment,
    flags: packet.flags,
    headerLength: packet.headerLength,
    window: packet.window,
    urgentPointer: packet.urgentPointer,
    reservedBits: packet.reservedBits,
    payloadLength: packet.payloadLength,
    payload: bytes.slice(packet.payloadOffset, packet.payloadEnd),
    options: bytes.slice(packet.optionsOffset, packet.optionsEnd),
    checksum: packet.checksum,
    anomalies: packet.anomalies,
    icmpType: packet.icmpType,
    icmpCode: packet.icmpCode,
    quote: packet.quote === null ? null : copyPacket(packet.quote, nameOf),
    assembly: packet.assembly === null ? null : copyAssembly(packet.assembly),
  };
}

function copyAssembly({ isPartial, isWhole, owner, hadFlags, earlierFrames, earlierCount }: Assembly): DecodedAssembly {
  return { isPartial, isWhole, owner, hadFlags, earlierFrames: [...earlierFrames.subarray(0, earlierCount)] };
}

/** Decodes frames with a fresh decoder. `owner` is what the handler says of segments in fragments: nothing by default. */
export function decodeAll(frames: readonly TestFrame[], options: DecoderOptions = {}, owner = 0): Outcome {
  const decoder = createDecoder(options);
  const packets: Decoded[] = [];
  for (const frame of frames) {
    decoder.decode(frame, (packet) => {
      packets.push(copyPacket(packet, (scope) => decoder.scopeName(scope)));
      if (packet.assembly !== null && owner !== 0) packet.assembly.owner = owner;
    });
  }
  return { packets, undecoded: decoder.undecoded(), counts: { ...decoder.counts } };
}

/** Decodes one frame that must hold exactly one packet. */
export function decodeOne(
  bytes: Uint8Array,
  fields: Parameters<typeof frameOf>[1] = {},
  options: DecoderOptions = {},
): Decoded {
  const { packets } = decodeAll([frameOf(bytes, fields)], options);
  if (packets.length !== 1) throw new Error(`the frame gave ${packets.length} packets`);
  return packets[0]!;
}

/** Decodes one frame that must hold no packet, and returns why. */
export function undecodedReason(bytes: Uint8Array, fields: Parameters<typeof frameOf>[1] = {}): string {
  const { packets, undecoded } = decodeAll([frameOf(bytes, fields)]);
  if (packets.length !== 0) throw new Error('the frame gave a packet');
  return Object.keys(undecoded).join(' ');
}
