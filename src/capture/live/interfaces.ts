import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces, platform } from 'node:os';
import { join } from 'node:path';

/** Linux's pseudo-device for all interfaces. */
export const ANY = 'any';

export interface NetworkInterface {
  readonly name: string;
  /** With prefix length, as in "192.0.2.1/24". */
  readonly addresses: readonly string[];
  /** Switched on; frames can be sniffed then, also without carrier. */
  readonly up: boolean;
  /** A cable is in, the radio is associated; null when unknown. */
  readonly carrier: boolean | null;
  readonly loopback: boolean;
}

/** All interfaces of this machine, those that are down included where the system tells (Linux); ANY first where it is. */
export function listInterfaces(): NetworkInterface[] {
  const listed = platform() === 'linux' ? (listByIproute() ?? listBySysfs()) : [...listByNode().values()];
  const any = { name: ANY, addresses: [], up: true, carrier: null, loopback: false };
  return platform() === 'linux' ? [any, ...listed] : listed;
}

/** `ip -j address`, as far as it is read here. */
interface IprouteInterface {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

function listByIproute(): NetworkInterface[] | null {
  const { status, stdout } = spawnSync('ip', ['-j', 'address', 'show'], { encoding: 'utf8' });
  if (status !== 0) return null;
  try {
    return (JSON.parse(stdout) as IprouteInterface[]).map(({ ifname, flags, addr_info }) => ({
      name: ifname,
      addresses: addr_info.flatMap(({ local, prefixlen }) => (local === undefined ? [] : [`${local}/${prefixlen}`])),
      up: flags.includes('UP'),
      carrier: flags.includes('LOWER_UP'),
      loopback: flags.includes('LOOPBACK'),
    }));
  } catch {
    return null;
  }
}

/** The system's names; addresses of those that are up only, which is all that Node tells. */
function listBySysfs(): NetworkInterface[] {
  const known = listByNode();
  try {
    return readdirSync(SYSFS).map((name) => {
      const flags = readFlags(name) ?? 0;
      const addresses = known.get(name)?.addresses ?? [];
      const carrier = readSysfs(name, 'carrier');
      return {
        name,
        addresses,
        up: (flags & IFF_UP) !== 0,
        carrier: carrier === null ? null : carrier === '1',
        loopback: (flags & IFF_LOOPBACK) !== 0,
      };
    });
  } catch {
    return [...known.values()];
  }
}

function listByNode(): Map<string, NetworkInterface> {
  const found = new Map<string, NetworkInterface>();
  for (const [name, infos = []] of Object.entries(networkInterfaces())) {
    const addresses = infos.map((info) => info.cidr ?? info.address);
    found.set(name, { name, addresses, up: true, carrier: null, loopback: infos.some((info) => info.internal) });
  }
  return found;
}

const SYSFS = '/sys/class/net';
/** netdevice(7) */
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;

function readSysfs(name: string, attribute: string): string | null {
  try {
    return readFileSync(join(SYSFS, name, attribute), 'utf8').trim();
  } catch {
    return null;
  }
}

function readFlags(name: string): number | null {
  const text = readSysfs(name, 'flags');
  return text === null ? null : Number(text);
}

/** Null for what is no single interface, or not known here. */
export function isLoopback(name: string): boolean | null {
  const flags = interfaceState(name) === 'unknown' ? null : readFlags(name);
  return flags === null ? null : (flags & IFF_LOOPBACK) !== 0;
}

export type InterfaceState = 'up' | 'down' | 'missing' | 'unknown';

/** Unknown for pseudo-devices such as ANY, and on systems other than Linux. Reads one small file. */
export function interfaceState(name: string): InterfaceState {
  if (platform() !== 'linux' || name === ANY || name.includes('/')) return 'unknown';
  const flags = readFlags(name);
  if (flags === null) return 'missing';
  return (flags & IFF_UP) !== 0 ? 'up' : 'down';
}

/** LINKTYPE_ values by ARPHRD_ (linux/if_arp.h), as libpcap maps them; what is not here it captures "cooked". */
const LINK_TYPES: Readonly<Record<string, number>> = {
  1: 1, // ARPHRD_ETHER
  772: 1, // ARPHRD_LOOPBACK
  801: 105, // ARPHRD_IEEE80211
  802: 119, // ARPHRD_IEEE80211_PRISM
  803: 127, // ARPHRD_IEEE80211_RADIOTAP
  519: 101, // ARPHRD_RAWIP
  65534: 101, // ARPHRD_NONE: tun, WireGuard
};
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_ETHERNET = 1;

/** The LINKTYPE_ value that a capture on this interface is likely to have; only the opened capture knows. */
export function likelyLinkType(name: string): number {
  if (name === ANY) return LINKTYPE_LINUX_SLL;
  if (platform() !== 'linux') return LINKTYPE_ETHERNET;
  const type = readSysfs(name, 'type');
  return type === null ? LINKTYPE_ETHERNET : (LINK_TYPES[type] ?? LINKTYPE_LINUX_SLL);
}
