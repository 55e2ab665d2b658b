import { readExperiment, readExtension, readFragmentHeader, readRouting } from './ipv6.ts';
import { readTunnelProtocol } from './tunnels.ts';
import { STEP_DONE, STEP_ICMP, STEP_ICMPV6, STEP_TCP, STEP_UDP, type Walk } from './walk.ts';

/** Goes by Walk.type, an IP protocol number (https://www.iana.org/assignments/protocol-numbers). */
export function readProtocol(walk: Walk): number {
  const protocol = walk.type;
  switch (protocol) {
    case 6:
      return STEP_TCP;
    case 17:
      return STEP_UDP;
  }
  return walk.record.ipVersion === 4 ? readIpv4Protocol(walk, protocol) : readIpv6Protocol(walk, protocol);
}

function readIpv4Protocol(walk: Walk, protocol: number): number {
  return protocol === 1 ? STEP_ICMP : readTunnelProtocol(walk, protocol);
}

function readIpv6Protocol(walk: Walk, protocol: number): number {
  switch (protocol) {
    case 58:
      return STEP_ICMPV6;
    case 0: // hop-by-hop options
    case 60: // destination options
    case 135: // mobility, RFC 6275
    case 139: // host identity, RFC 7401
    case 140: // Shim6, RFC 5533
      return readExtension(walk);
    case 253: // experiments, RFC 4727 §3.3
    case 254:
      return readExperiment(walk);
    case 43:
      return readRouting(walk);
    case 44:
      return readFragmentHeader(walk);
    case 59: // no next header
      return STEP_DONE;
    default:
      return readTunnelProtocol(walk, protocol);
  }
}
