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

/** Numbers of the tunnels, and the UDP ports that IANA (for VXLAN also Linux's old default) gives them. */
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
  | 'capwap';
