export const TUNNEL_NONE = 0;
export const TUNNEL_VXLAN = 1;
export const TUNNEL_VXLAN_GPE = 2;
export const TUNNEL_GENEVE = 3;
export const TUNNEL_GTP = 4;
export const TUNNEL_TEREDO = 5;
export const TUNNEL_AYIYA = 6;
export const TUNNEL_L2TP = 7;
export const TUNNEL_MPLS = 8;
export const TUNNEL_GRE = 9;
export const TUNNEL_ESP = 10;
export const TUNNEL_WIREGUARD = 11;
export const TUNNEL_TZSP = 12;
export const TUNNEL_LISP = 13;
export const TUNNEL_CAPWAP = 14;
export const TUNNEL_LWAPP = 15;
export const TUNNEL_LWAPP_ETHERNET = 16;
export const TUNNEL_MINT = 17;
export const TUNNEL_PEEKREMOTE = 18;
export const TUNNEL_RFTAP = 19;
export const TUNNEL_GUE = 20;
export const TUNNEL_JMIRROR = 21;
export const TUNNEL_AMT = 22;
export const TUNNEL_MOBILE_IP = 23;
export const TUNNEL_BATMAN_GATEWAY = 24;
export const TUNNEL_GTP0 = 25;
export const TUNNEL_LLC = 26;
export const TUNNEL_ROCE = 27;
export const TUNNEL_SFLOW = 28;
export const TUNNEL_GSMTAP = 29;
export const TUNNEL_GPRS_NS = 30;
export const TUNNEL_ZEP = 31;
export const TUNNEL_WASSP = 32;
export const TUNNEL_ACDR = 33;
export const TUNNEL_IPX = 34;
export const TUNNEL_OPENVPN = 35;

/** Numbers of the tunnels, and the UDP ports that IANA (for VXLAN also Linux's old default), or Wireshark, gives them. */
const TUNNELS: Readonly<Record<TunnelName, { readonly tunnel: number; readonly ports: readonly number[] }>> = {
  vxlan: { tunnel: TUNNEL_VXLAN, ports: [4789, 8472] },
  'vxlan-gpe': { tunnel: TUNNEL_VXLAN_GPE, ports: [4790] },
  geneve: { tunnel: TUNNEL_GENEVE, ports: [6081] },
  'gtp-u': { tunnel: TUNNEL_GTP, ports: [2152] },
  teredo: { tunnel: TUNNEL_TEREDO, ports: [3544] },
  ayiya: { tunnel: TUNNEL_AYIYA, ports: [5072] },
  l2tp: { tunnel: TUNNEL_L2TP, ports: [1701] },
  mpls: { tunnel: TUNNEL_MPLS, ports: [6635] },
  gre: { tunnel: TUNNEL_GRE, ports: [4754] },
  esp: { tunnel: TUNNEL_ESP, ports: [4500] },
  wireguard: { tunnel: TUNNEL_WIREGUARD, ports: [51820] },
  tzsp: { tunnel: TUNNEL_TZSP, ports: [37008] },
  lisp: { tunnel: TUNNEL_LISP, ports: [4341] },
  capwap: { tunnel: TUNNEL_CAPWAP, ports: [5247] },
  lwapp: { tunnel: TUNNEL_LWAPP, ports: [12222, 12223] },
  'lwapp-ethernet': { tunnel: TUNNEL_LWAPP_ETHERNET, ports: [12220] },
  mint: { tunnel: TUNNEL_MINT, ports: [24576, 24577] },
  peekremote: { tunnel: TUNNEL_PEEKREMOTE, ports: [5000, 5555] },
  rftap: { tunnel: TUNNEL_RFTAP, ports: [52001] },
  gue: { tunnel: TUNNEL_GUE, ports: [6080] },
  jmirror: { tunnel: TUNNEL_JMIRROR, ports: [30030] },
  amt: { tunnel: TUNNEL_AMT, ports: [2268] },
  'mobile-ip': { tunnel: TUNNEL_MOBILE_IP, ports: [434] },
  'batman-gateway': { tunnel: TUNNEL_BATMAN_GATEWAY, ports: [4306] },
  'gtp-v0': { tunnel: TUNNEL_GTP0, ports: [3386] },
  llc: { tunnel: TUNNEL_LLC, ports: [12000, 12001, 12002, 12003, 12004] },
  roce: { tunnel: TUNNEL_ROCE, ports: [4791] },
  sflow: { tunnel: TUNNEL_SFLOW, ports: [6343] },
  gsmtap: { tunnel: TUNNEL_GSMTAP, ports: [4729] },
  'gprs-ns': { tunnel: TUNNEL_GPRS_NS, ports: [2157, 19999] },
  zep: { tunnel: TUNNEL_ZEP, ports: [17754] },
  wassp: { tunnel: TUNNEL_WASSP, ports: [13910] },
  acdr: { tunnel: TUNNEL_ACDR, ports: [925] },
  ipx: { tunnel: TUNNEL_IPX, ports: [213] },
  openvpn: { tunnel: TUNNEL_OPENVPN, ports: [1194] },
};

/** Which UDP ports are read as tunnels. */
export class TunnelPorts {
  /**
   * A bit for each port that is; bit port & 31 of word port >>> 5. Small, so that triage finds it in the cache. The bit of
   * port 0, which is no tunnel's, says that Teredo is looked for at every port: see isTeredoPacket().
   */
  readonly bitmap = new Uint32Array(2048);
  private readonly tunnels = new Map<number, number>();

  /** Port 0 belongs to no tunnel, whatever is asked for: it is what we look for. */
  constructor(ports: Partial<Record<TunnelName, readonly number[]>> = {}) {
    for (const [name, defaults] of Object.entries(TUNNELS)) {
      for (const port of ports[name as TunnelName] ?? defaults.ports) {
        if (port < 1 || port > 0xffff) continue;
        this.bitmap[port >>> 5]! |= 1 << (port & 31);
        this.tunnels.set(port, defaults.tunnel);
        if (defaults.tunnel === TUNNEL_TEREDO) this.bitmap[0]! |= 1;
      }
    }
  }

  /** Whether Teredo is looked for at other ports than its own: unless it has none. */
  get findsTeredo(): boolean {
    return (this.bitmap[0]! & 1) !== 0;
  }

  /**
   * TUNNEL_ number of a datagram between two ports, the destination's first; TUNNEL_NONE for an ordinary one. A port 0 is
   * no tunnel's.
   */
  tunnelOf(source: number, destination: number): number {
    if (source === 0 || destination === 0) return TUNNEL_NONE;
    if (
      ((this.bitmap[source >>> 5]! >>> (source & 31)) | (this.bitmap[destination >>> 5]! >>> (destination & 31))) &
      1
    ) {
      return this.tunnels.get(destination) ?? this.tunnels.get(source) ?? TUNNEL_NONE;
    }
    return TUNNEL_NONE;
  }
}

export type TunnelName =
  | 'vxlan'
  | 'vxlan-gpe'
  | 'geneve'
  | 'gtp-u'
  | 'teredo'
  | 'ayiya'
  | 'l2tp'
  | 'mpls'
  | 'gre'
  | 'esp'
  | 'wireguard'
  | 'tzsp'
  | 'lisp'
  | 'capwap'
  | 'lwapp'
  | 'lwapp-ethernet'
  | 'mint'
  | 'peekremote'
  | 'rftap'
  | 'gue'
  | 'jmirror'
  | 'amt'
  | 'mobile-ip'
  | 'batman-gateway'
  | 'gtp-v0'
  | 'llc'
  | 'roce'
  | 'sflow'
  | 'gsmtap'
  | 'gprs-ns'
  | 'zep'
  | 'wassp'
  | 'acdr'
  | 'ipx'
  | 'openvpn';
