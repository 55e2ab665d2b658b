/**
 * The UDP tunnels, one row each: what people call it, and the UDP ports that IANA (for VXLAN also Linux's old default), or
 * Wireshark, gives it. Names of the configuration, TUNNEL_ numbers and the configuration's schema are made of it; tunnels.ts
 * has the readers, which the thread that only counts frames does not load.
 */
export const TUNNELS = {
  vxlan: { title: 'VXLAN', ports: [4789, 8472] },
  'vxlan-gpe': { title: 'VXLAN-GPE', ports: [4790] },
  geneve: { title: 'Geneve', ports: [6081] },
  'gtp-u': { title: 'GTP-U', ports: [2152] },
  teredo: { title: 'Teredo', ports: [3544] },
  ayiya: { title: 'AYIYA', ports: [5072] },
  l2tp: { title: 'L2TP', ports: [1701] },
  mpls: { title: 'MPLS in UDP', ports: [6635] },
  gre: { title: 'GRE in UDP', ports: [4754] },
  esp: { title: 'ESP in UDP', ports: [4500], isEncrypted: true },
  wireguard: { title: 'WireGuard', ports: [51820], isEncrypted: true },
  tzsp: { title: 'TZSP', ports: [37008] },
  lisp: { title: 'LISP data', ports: [4341] },
  capwap: { title: 'CAPWAP data', ports: [5247] },
  lwapp: { title: 'LWAPP', ports: [12222, 12223] },
  'lwapp-ethernet': { title: 'LWAPP with whole Ethernet frames', ports: [12220] },
  mint: { title: 'MiNT data', ports: [24576, 24577] },
  peekremote: { title: 'AiroPeek and OmniPeek remote capture', ports: [5000, 5555] },
  rftap: { title: 'RFtap', ports: [52001] },
  gue: { title: 'GUE', ports: [6080] },
  jmirror: { title: 'Juniper packet mirror', ports: [30030] },
  amt: { title: 'AMT data', ports: [2268] },
  'mobile-ip': { title: 'Mobile IP tunnel data', ports: [434] },
  'batman-gateway': { title: 'B.A.T.M.A.N. gateway data', ports: [4306] },
  'gtp-v0': { title: 'GTP version 0', ports: [3386] },
  llc: { title: 'LLC in UDP (Enterprise Extender)', ports: [12000, 12001, 12002, 12003, 12004] },
  roce: { title: 'IP in RoCEv2 datagrams', ports: [4791] },
  sflow: { title: 'sFlow, which is counted and not looked into', ports: [6343] },
  gsmtap: { title: 'GSMTAP, which is counted and not looked into', ports: [4729] },
  'gprs-ns': { title: 'GPRS network service, which is counted and not looked into', ports: [2157, 19999] },
  zep: { title: 'ZigBee encapsulation (802.15.4), which is counted and not looked into', ports: [17754] },
  wassp: { title: 'WASSP, which is counted and not looked into', ports: [13910] },
  acdr: { title: 'AudioCodes debug recording, which is counted and not looked into', ports: [925] },
  ipx: { title: 'IPX in UDP, which is counted and not looked into', ports: [213] },
  openvpn: { title: 'OpenVPN, which is encrypted', ports: [1194], isEncrypted: true },
} as const satisfies Readonly<Record<string, TunnelPortsRow>>;

interface TunnelPortsRow {
  /** As in "UDP ports read as …". */
  readonly title: string;
  readonly ports: readonly number[];
  /** Nothing in it can be looked into, so a live run need not be given it. */
  readonly isEncrypted?: true;
}

export type TunnelName = keyof typeof TUNNELS;

/** By TUNNEL_ number less one. */
export const TUNNEL_NAMES = Object.keys(TUNNELS) as readonly TunnelName[];

export const TUNNEL_NONE = 0;
export const TUNNEL_TEREDO = tunnelNumber('teredo');

/** TUNNEL_ number of a tunnel, above TUNNEL_NONE; not stable between versions. */
export function tunnelNumber(name: TunnelName): number {
  return TUNNEL_NAMES.indexOf(name) + 1;
}

/** Of those whose every datagram is encrypted. */
export function isEncryptedTunnel(tunnel: number): boolean {
  const name = TUNNEL_NAMES[tunnel - 1];
  const row: TunnelPortsRow | undefined = name && TUNNELS[name];
  return row?.isEncrypted === true;
}

const AS_USUAL: Partial<Record<TunnelName, readonly number[]>> = {};
/** By what was configured: all inputs of a run have the same. */
const made = new WeakMap<object, TunnelPorts>();

/** Which UDP ports are read as tunnels. Does not change. */
export class TunnelPorts {
  static of(ports: Partial<Record<TunnelName, readonly number[]>> = AS_USUAL): TunnelPorts {
    let tunnels = made.get(ports);
    if (tunnels === undefined) {
      tunnels = new TunnelPorts(ports);
      made.set(ports, tunnels);
    }
    return tunnels;
  }

  /**
   * A bit for each port that is; bit port & 31 of word port >>> 5. Small, so that triage finds it in the cache. The bit of
   * port 0, which is no tunnel's, says that Teredo is looked for at every port: see isTeredoPacket().
   */
  readonly bitmap = new Uint32Array(2048);
  private readonly tunnels = new Map<number, number>();

  /** Port 0 belongs to no tunnel, whatever is asked for: it is what we look for. */
  constructor(ports: Partial<Record<TunnelName, readonly number[]>> = {}) {
    for (const [index, name] of TUNNEL_NAMES.entries()) {
      const tunnel = index + 1;
      for (const port of ports[name] ?? TUNNELS[name].ports) {
        if (port < 1 || port > 0xffff) continue;
        this.bitmap[port >>> 5]! |= 1 << (port & 31);
        this.tunnels.set(port, tunnel);
        if (tunnel === TUNNEL_TEREDO) this.bitmap[0]! |= 1;
      }
    }
  }

  /** Whether Teredo is looked for at other ports than its own: unless it has none. */
  get findsTeredo(): boolean {
    return (this.bitmap[0]! & 1) !== 0;
  }

  /**
   * TUNNEL_ number of a datagram between two ports, the destination's first; TUNNEL_NONE for an ordinary one. What goes to port 0 is told
   * as that, whatever it carries; a source port of 0 says only that no answer is wanted (RFC 768).
   */
  tunnelOf(source: number, destination: number): number {
    if (destination === 0) return TUNNEL_NONE;
    if (
      ((this.bitmap[source >>> 5]! >>> (source & 31)) | (this.bitmap[destination >>> 5]! >>> (destination & 31))) &
      1
    ) {
      return this.tunnels.get(destination) ?? this.tunnels.get(source) ?? TUNNEL_NONE;
    }
    return TUNNEL_NONE;
  }
}
