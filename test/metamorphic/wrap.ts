/** Puts frames of whole captures into what may carry them. Lengths are those on the wire, however much was captured. */
import type { FrameList, ListedFrame } from '../support/frame-list.ts';
import { be16, bytesOf, onesSum } from '../support/frames.ts';

export const ETHERNET = 1;
const OUTER_ETHERNET = '02 00 00 00 00 f2 02 00 00 00 00 f1 08 00';

/** A frame without its check sequence, which is not part of what a tunnel carries. */
function withoutFcs(frame: ListedFrame, fcsLength: number): ListedFrame {
  const wireLength = frame.wireLength - fcsLength;
  return { ...frame, wireLength, bytes: frame.bytes.subarray(0, Math.min(frame.bytes.length, wireLength)) };
}

const wrapAll = (
  { interfaces, frames }: FrameList,
  wrap: (frame: ListedFrame, index: number) => ListedFrame,
): FrameList => ({
  interfaces: interfaces.map((each) => ({ ...each, fcsLength: 0 })),
  frames: frames.map((frame, index) => wrap(withoutFcs(frame, interfaces[frame.interfaceIndex]!.fcsLength), index)),
});

/** IEEE 802.1Q: a tag between the addresses and the type. */
export const inVlan = (list: FrameList, id: number): FrameList =>
  wrapAll(list, (frame) => ({
    ...frame,
    bytes: bytesOf(frame.bytes.subarray(0, 12), '81 00', be16(id), frame.bytes.subarray(12)),
    wireLength: frame.wireLength + 4,
  }));

/** IPv4 with another identification for each, don't fragment, TTL 64. */
function inIpv4(frame: ListedFrame, index: number, protocol: number, header: Uint8Array): ListedFrame {
  const length = 20 + header.length + frame.wireLength;
  const ip = bytesOf(
    '45 00',
    be16(length),
    be16(index & 0xffff),
    '40 00 40',
    protocol,
    '00 00 0a ff ff 01 0a ff ff 02',
  );
  ip.set(be16(~onesSum(ip) & 0xffff), 10);
  const before = bytesOf(OUTER_ETHERNET, ip, header);
  return { ...frame, bytes: bytesOf(before, frame.bytes), wireLength: before.length + frame.wireLength };
}

/** RFC 2784 with transparent Ethernet bridging. */
export const inGre = (list: FrameList): FrameList =>
  wrapAll(list, (frame, index) => inIpv4(frame, index, 47, bytesOf('00 00 65 58')));

/** RFC 7348: UDP checksum 0. */
export const inVxlan = (list: FrameList, vni: number): FrameList =>
  wrapAll(list, (frame, index) =>
    inIpv4(
      frame,
      index,
      17,
      bytesOf('d4 31 12 b5', be16(16 + frame.wireLength), '00 00', '08 00 00 00', 0, be16(vni), 0),
    ),
  );

/** The same frames in a new place of time. */
export const shifted = ({ interfaces, frames }: FrameList, seconds: number, nanos: number): FrameList => ({
  interfaces,
  frames: frames.map((frame) => {
    const sum = frame.nanos + nanos;
    return { ...frame, seconds: frame.seconds + seconds + Math.floor(sum / 1e9), nanos: sum % 1e9 };
  }),
});
