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
import { readAcdr, readGprsNs, readGsmtap, readIpx, readOpenVpn, readSflow, readWassp, readZep } from './opaque-udp.ts';
import { readPeekRemote } from './peekremote.ts';
import { readPim } from './pim.ts';
import { TUNNEL_NAMES, type TunnelName } from './ports.ts';
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

/** Reads what stands at Cursor.offset, and says with a STEP_ what comes next: STEP_DONE where it is not the tunnel. */
type TunnelReader = (cursor: Cursor) => number;

/** Who reads what stands behind a UDP header at the ports of ports.ts. */
const READERS: Readonly<Record<TunnelName, TunnelReader>> = {
  vxlan: readVxlan,
  'vxlan-gpe': readVxlanGpe,
  geneve: readGeneve,
  'gtp-u': readGtp,
  teredo: readTeredo,
  ayiya: readAyiya,
  l2tp: readL2tp,
  mpls: (cursor) => (looksLikeMpls(cursor) ? STEP_MPLS : STEP_DONE),
  gre: (cursor) => (isGre(cursor) ? STEP_GRE : STEP_DONE),
  esp: readUdpEsp,
  wireguard: readWireguard,
  tzsp: readUdpTzsp,
  lisp: readLisp,
  capwap: readCapwap,
  lwapp: readUdpLwapp,
  'lwapp-ethernet': readLwappEthernet,
  mint: readMint,
  peekremote: readPeekRemote,
  rftap: readRftap,
  gue: readGue,
  jmirror: readJuniperMirror,
  amt: readAmt,
  'mobile-ip': readMobileIp,
  'batman-gateway': readBatmanGateway,
  'gtp-v0': readGtp0,
  llc: readUdpLlc,
  roce: readRoce,
  sflow: readSflow,
  gsmtap: readGsmtap,
  'gprs-ns': readGprsNs,
  zep: readZep,
  wassp: readWassp,
  acdr: readAcdr,
  ipx: readIpx,
  openvpn: readOpenVpn,
};
/** By TUNNEL_ number. */
const BY_NUMBER: readonly TunnelReader[] = [() => STEP_DONE, ...TUNNEL_NAMES.map((name) => READERS[name])];

/**
 * A UDP payload at a tunnel's port, Cursor.type its TUNNEL_ number. What does not look like the tunnel is ordinary UDP,
 * and the packet stays the UDP datagram. Where the capture ends before the header shows what it is, nobody can say so.
 */
export function readUdpTunnel(cursor: Cursor): number {
  cursor.wasCut = false;
  const step = BY_NUMBER[cursor.type]!(cursor);
  if (step === STEP_DONE && cursor.wasCut && cursor.record.status === OK)
    return cursor.fail(TRUNCATED, REASON_TRUNCATED_TUNNEL);
  return step;
}
