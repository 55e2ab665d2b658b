import { FRAGMENT_LATER, TRANSPORT_UDP } from '../decode/packet.ts';
import type { DatagramRule } from '../engine/types.ts';

export const udpPortZero: DatagramRule = {
  kind: 'datagram',
  meta: {
    id: 'udp-port-zero',
    severity: 'info',
    summary: 'a UDP datagram to port 0',
    meaning:
      'Port 0 is reserved for UDP as it is for TCP, and no socket can be bound to it, so a datagram to it reaches nobody; a host may answer with ICMP port unreachable. It comes from scanners, from floods made with hping3 --udp, or from a ' +
      'program that lost its port number. Only the destination is looked at: RFC 768 lets the source port be 0 when no reply is wanted. Datagrams with the same source and target make one finding.',
    action:
      'Drop UDP to port 0 at the edge. From a host of your own, look for the program and its port setting. ' +
      'False positives: none from fragments (later fragments have no ports and are not counted); your own scanners can be listed under ignore.',
    options: {},
    messages: { datagram: 'UDP from {client} to port 0 of {server}, {datagrams} seen' },
  },
  match({ transport, destinationPort, fragment }) {
    // RFC 768: the source port is optional and 0 when not used; the destination port is not.
    const toZero = transport === TRANSPORT_UDP && fragment !== FRAGMENT_LATER && destinationPort === 0;
    return toZero ? { messageId: 'datagram' } : null;
  },
};
