/**
 * The verdict table: what an answer is worth, in nmap's words. Pure functions, no state.
 */
import { ACK, FIN, PSH, RST, SYN, URG } from '../decode/packet.ts';
import type { PortState, Probe, Verdict } from './exchange.ts';

/** Flags that decide what a segment is; ECE, CWR and AE may ride on any of them. */
const DECIDING = FIN | SYN | RST | PSH | ACK | URG;

/** What an opening segment asks, by its flags: nmap's scan types. */
export function classifyProbe(flags: number, payloadLength: number): Probe {
  const deciding = flags & DECIDING;
  if ((deciding & SYN) !== 0) {
    // PSH and URG on a SYN mean nothing (TFO stacks set PSH); with FIN, RST or ACK it is no opening that a stack sends.
    if ((deciding & (FIN | RST | ACK)) !== 0) return 'other';
    return payloadLength > 0 ? 'syn-data' : 'syn';
  }
  if (deciding === 0) return 'null';
  if (deciding === FIN) return 'fin';
  if (deciding === (FIN | PSH | URG)) return 'xmas';
  if (deciding === (FIN | ACK)) return 'maimon';
  if (deciding === ACK && payloadLength <= 0) return 'ack';
  return 'other';
}

/** nmap's state of the port for a verdict on a probe of that kind. */
export function stateOf(verdict: Verdict, probe: Probe | null): PortState {
  switch (verdict) {
    case 'accepted':
    case 'simultaneous':
      return 'open';
    case 'refused':
      // A RST to a bare ACK comes from open and closed ports alike (nmap -sA).
      return probe === 'ack' ? 'unfiltered' : 'closed';
    case 'invalid-reset':
      return 'closed';
    case 'unreachable':
      return 'filtered';
    case 'silent':
      // An open port must ignore these (RFC 9293 §3.10.7.2), so silence does not tell open from filtered.
      return probe === 'null' || probe === 'fin' || probe === 'xmas' || probe === 'maimon'
        ? 'open|filtered'
        : 'filtered';
    case 'challenged':
      return 'unfiltered';
    case 'undecided':
    case 'unsolicited':
      return 'unknown';
  }
}

/** nmap's --reason for a verdict; of an unreachable exchange the ICMP error decides, see icmpReason. */
export function reasonOf(verdict: Verdict): string | null {
  switch (verdict) {
    case 'accepted':
      return 'syn-ack';
    case 'refused':
    case 'invalid-reset':
      return 'reset';
    case 'silent':
      return 'no-response';
    case 'simultaneous':
      return 'split-handshake-syn';
    case 'challenged':
      return 'tcp-response';
    default:
      return null;
  }
}

/** Codes of IPv4 type 3 that have a word of their own (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1). */
const IPV4_UNREACHABLE: Readonly<Record<number, string>> = {
  0: 'net-unreach',
  1: 'host-unreach',
  2: 'proto-unreach',
  3: 'port-unreach',
  9: 'net-prohibited',
  10: 'host-prohibited',
  13: 'admin-prohibited',
};

/** Codes of ICMPv6 type 1 (RFC 4443 §3.1). */
const IPV6_UNREACHABLE: Readonly<Record<number, string>> = {
  0: 'no-route',
  1: 'admin-prohibited',
  2: 'beyond-scope',
  3: 'host-unreach',
  4: 'port-unreach',
  5: 'admin-prohibited',
  6: 'reject-route',
};

/** nmap's word for an ICMP (ipVersion 4) or ICMPv6 (6) error. */
export function icmpReason(ipVersion: number, type: number, code: number): string {
  if (ipVersion === 6) {
    if (type === 1) return IPV6_UNREACHABLE[code] ?? 'dest-unreach';
    if (type === 2) return 'packet-too-big';
    if (type === 3) return 'time-exceeded';
    return 'param-problem';
  }
  if (type === 3) return IPV4_UNREACHABLE[code] ?? 'dest-unreach';
  if (type === 4) return 'source-quench';
  if (type === 11) return 'time-exceeded';
  if (type === 12) return 'param-problem';
  return 'icmp';
}

/**
 * Whether the error says that the segment did not arrive. "Fragmentation needed", "packet too big" and source quench ask
 * the sender for something else, and a redirect only shows a better way.
 */
export function icmpIsAnswer(ipVersion: number, type: number, code: number): boolean {
  if (ipVersion === 6) return type === 1 || type === 3 || type === 4;
  return (type === 3 && code !== 4) || type === 11 || type === 12;
}

/**
 * Whether an ACK number acknowledges a SYN: SND.UNA < SEG.ACK =< SND.NXT (RFC 9293 §3.10.7.3), where SND.NXT is
 * ISN + 1 + the data that rode on the SYN (RFC 7413 lets the peer acknowledge any part of it). All modulo 2^32.
 */
export function acknowledgesSyn(acknowledgment: number, isn: number, payloadLength: number): boolean {
  const acknowledged = (acknowledgment - isn) >>> 0;
  return acknowledged >= 1 && acknowledged <= 1 + Math.max(0, payloadLength);
}
