import { bytesOf, ethernet, ipv4, ipv6, tcp } from '../support/frames.ts';

/** One SYN to port 0, in every wrapping that the decoder reads. */
export const segment = tcp({
  sourcePort: 40000,
  destinationPort: 0,
  sequence: 0x89abcdef,
  flags: 'S',
  options: bytesOf('020405b4'),
});
export const packet4 = ipv4({ source: '10.1.0.1', destination: '10.1.0.2' }, segment);
export const packet6 = ipv6({ source: '2001:db8:f::1', destination: '2001:db8:f::2' }, segment);
export const frame4 = ethernet({}, packet4);
export const outer = (transport: Parameters<typeof ipv4>[1], fields: Parameters<typeof ipv4>[0] = {}) =>
  ethernet({}, ipv4(fields, transport));
export const ends = '192.0.2.1 - 198.51.100.7';

export interface Case {
  readonly name: string;
  readonly linkType?: number;
  readonly bytes: Uint8Array;
  /** Before the inner "ipv4 tcp" (or "ipv6 tcp"). */
  readonly layers: string;
  readonly scope?: string;
  readonly path?: string;
  readonly v6?: boolean;
  /** Arguments that tshark needs to read the same; null where it cannot. */
  readonly tshark?: readonly string[] | null;
}
