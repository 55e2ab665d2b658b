import { type Cursor, STEP_DONE, STEP_ICMP, STEP_ICMPV6, STEP_TCP, STEP_UDP } from '../cursor.ts';
import { readTunnelProtocol } from '../tunnel/tunnels.ts';
import { readExperiment, readExtension, readFragmentHeader, readRouting } from './ipv6.ts';

/** Goes by Cursor.type, an IP protocol number (https://www.iana.org/assignments/protocol-numbers). */
export function readProtocol(cursor: Cursor): number {
  const protocol = cursor.type;
  switch (protocol) {
    case 6:
      return STEP_TCP;
    case 17:
      return STEP_UDP;
  }
  return cursor.record.ipVersion === 4 ? readIpv4Protocol(cursor, protocol) : readIpv6Protocol(cursor, protocol);
}

function readIpv4Protocol(cursor: Cursor, protocol: number): number {
  return protocol === 1 ? STEP_ICMP : readTunnelProtocol(cursor, protocol);
}

function readIpv6Protocol(cursor: Cursor, protocol: number): number {
  switch (protocol) {
    case 58:
      return STEP_ICMPV6;
    case 0: // hop-by-hop options
    case 60: // destination options
    case 135: // mobility, RFC 6275
    case 139: // host identity, RFC 7401
    case 140: // Shim6, RFC 5533
      return readExtension(cursor);
    case 253: // experiments, RFC 4727 §3.3
    case 254:
      return readExperiment(cursor);
    case 43:
      return readRouting(cursor);
    case 44:
      return readFragmentHeader(cursor);
    case 59: // no next header
      return STEP_DONE;
    default:
      return readTunnelProtocol(cursor, protocol);
  }
}
