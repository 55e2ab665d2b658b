import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_GRE, STEP_IPV4, STEP_IPV6, STEP_MPLS } from '../cursor.ts';
import { LAYER_ESP, LAYER_IPCOMP } from '../layers.ts';
import { ipProtocolReason, REASON_ESP, REASON_IPCOMP, REASON_TRUNCATED_TUNNEL } from '../reasons.ts';
import { OK, TRUNCATED } from '../status.ts';
import { readAyiya } from './ayiya.ts';
import { readCapwap } from './capwap.ts';
import { readEtherIp } from './etherip.ts';
import { readGeneve } from './geneve.ts';
import { isGre } from './gre.ts';
import { readGtp } from './gtp.ts';
import { readGue } from './gue.ts';
import {
  readAmt,
  readBatmanGateway,
  readGtp0,
  readJuniperMirror,
  readMobileIp,
  readRoce,
  readUdpLlc,
} from './ip-in-udp.ts';
import { readAuthentication, readUdpEsp } from './ipsec.ts';
import { readL2tp, readL2tpOverIp } from './l2tp.ts';
import { readLisp } from './lisp.ts';
import { readLwappEthernet, readUdpLwapp } from './lwapp.ts';
import { readMint } from './mint.ts';
import { looksLikeMpls } from './mpls.ts';
import { readOpaqueUdp } from './opaque-udp.ts';
import { readPeekRemote } from './peekremote.ts';
import { readPim } from './pim.ts';
import {
  TUNNEL_AMT,
  TUNNEL_AYIYA,
  TUNNEL_BATMAN_GATEWAY,
  TUNNEL_CAPWAP,
  TUNNEL_ESP,
  TUNNEL_GENEVE,
  TUNNEL_GRE,
  TUNNEL_GTP,
  TUNNEL_GTP0,
  TUNNEL_GUE,
  TUNNEL_JMIRROR,
  TUNNEL_L2TP,
  TUNNEL_LISP,
  TUNNEL_LLC,
  TUNNEL_LWAPP,
  TUNNEL_LWAPP_ETHERNET,
  TUNNEL_MINT,
  TUNNEL_MOBILE_IP,
  TUNNEL_MPLS,
  TUNNEL_PEEKREMOTE,
  TUNNEL_RFTAP,
  TUNNEL_ROCE,
  TUNNEL_TEREDO,
  TUNNEL_TZSP,
  TUNNEL_VXLAN,
  TUNNEL_VXLAN_GPE,
  TUNNEL_WIREGUARD,
} from './ports.ts';
import { readRftap } from './rftap.ts';
import { readTeredo } from './teredo.ts';
import { readUdpTzsp } from './tzsp.ts';
import { readVxlan, readVxlanGpe } from './vxlan.ts';
import { readWireguard } from './wireguard.ts';

/** Packets within IP, by protocol number, and what is opaque. */
export function readTunnelProtocol(cursor: Cursor, protocol: number): number {
  switch (protocol) {
    case 4: // RFC 2003, RFC 2473
      cursor.alongOuterAddresses();
      return STEP_IPV4;
    case 41: // RFC 4213, RFC 2473
      cursor.alongOuterAddresses();
      return STEP_IPV6;
    case 47:
      return STEP_GRE;
    case 50:
      cursor.enter(LAYER_ESP);
      return cursor.unsupported(REASON_ESP);
    case 51:
      return readAuthentication(cursor);
    case 97:
      return readEtherIp(cursor);
    case 103:
      return readPim(cursor);
    case 108: // RFC 3173
      cursor.enter(LAYER_IPCOMP);
      return cursor.unsupported(REASON_IPCOMP);
    case 115:
      return readL2tpOverIp(cursor);
    case 137: // RFC 4023
      return STEP_MPLS;
    case 143: // RFC 8986 §10.1
      cursor.alongOuterAddresses();
      return STEP_ETHERNET;
    default:
      return cursor.unsupported(ipProtocolReason(protocol));
  }
}

/**
 * A UDP payload at a tunnel's port, Cursor.type its TUNNEL_ number. What does not look like the tunnel is ordinary UDP,
 * and the packet stays the UDP datagram. Where the capture ends before the header shows what it is, nobody can say so.
 */
export function readUdpTunnel(cursor: Cursor): number {
  cursor.wasCut = false;
  const step = readTunnel(cursor);
  if (step === STEP_DONE && cursor.wasCut && cursor.record.status === OK)
    return cursor.fail(TRUNCATED, REASON_TRUNCATED_TUNNEL);
  return step;
}

function readTunnel(cursor: Cursor): number {
  switch (cursor.type) {
    case TUNNEL_VXLAN:
      return readVxlan(cursor);
    case TUNNEL_VXLAN_GPE:
      return readVxlanGpe(cursor);
    case TUNNEL_GENEVE:
      return readGeneve(cursor);
    case TUNNEL_GTP:
      return readGtp(cursor);
    case TUNNEL_TEREDO:
      return readTeredo(cursor);
    case TUNNEL_AYIYA:
      return readAyiya(cursor);
    case TUNNEL_L2TP:
      return readL2tp(cursor);
    case TUNNEL_MPLS:
      return looksLikeMpls(cursor) ? STEP_MPLS : STEP_DONE;
    case TUNNEL_GRE:
      return isGre(cursor) ? STEP_GRE : STEP_DONE;
    case TUNNEL_ESP:
      return readUdpEsp(cursor);
    case TUNNEL_WIREGUARD:
      return readWireguard(cursor);
    case TUNNEL_TZSP:
      return readUdpTzsp(cursor);
    case TUNNEL_LISP:
      return readLisp(cursor);
    case TUNNEL_CAPWAP:
      return readCapwap(cursor);
    case TUNNEL_LWAPP:
      return readUdpLwapp(cursor);
    case TUNNEL_LWAPP_ETHERNET:
      return readLwappEthernet(cursor);
    case TUNNEL_MINT:
      return readMint(cursor);
    case TUNNEL_PEEKREMOTE:
      return readPeekRemote(cursor);
    case TUNNEL_RFTAP:
      return readRftap(cursor);
    case TUNNEL_GUE:
      return readGue(cursor);
    case TUNNEL_JMIRROR:
      return readJuniperMirror(cursor);
    case TUNNEL_AMT:
      return readAmt(cursor);
    case TUNNEL_MOBILE_IP:
      return readMobileIp(cursor);
    case TUNNEL_BATMAN_GATEWAY:
      return readBatmanGateway(cursor);
    case TUNNEL_GTP0:
      return readGtp0(cursor);
    case TUNNEL_LLC:
      return readUdpLlc(cursor);
    case TUNNEL_ROCE:
      return readRoce(cursor);
    default:
      return readOpaqueUdp(cursor);
  }
}
