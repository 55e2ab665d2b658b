import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces, platform } from 'node:os';

/** Which way the system would send a packet. */
export interface Route {
  readonly interface: string;
  /** The router it goes to first; null when the target is on the link, or when nobody tells. */
  readonly gateway: string | null;
  /** False also when the system does not say: `gateway` then tells nothing. */
  readonly known: boolean;
}

/** Finds the way to a numeric address (IPv6 perhaps with a zone). Null when there is none. Sends nothing. */
export async function findRoute(address: string): Promise<Route | null> {
  const [bare = address, zone] = address.split('%');
  if (platform() === 'linux') {
    const answer = await run('ip', ['-j', 'route', 'get', bare, ...(zone === undefined ? [] : ['oif', zone])]);
    const route = answer === null ? null : parseIproute(answer);
    if (route !== null) return route;
  } else if (platform() === 'darwin' || platform().endsWith('bsd')) {
    const answer = await run('route', ['-n', 'get', ...(isIPv6(bare) ? ['-inet6'] : []), address]);
    const route = answer === null ? null : parseBsdRoute(answer);
    if (route !== null) return route;
  }
  return routeBySocket(address);
}

/** `ip -j route get` prints one object; without "dev" for routes that refuse (unreachable, prohibit, blackhole). */
function parseIproute(json: string): Route | null {
  try {
    const [route] = JSON.parse(json) as { dev?: string; gateway?: string; via?: { host?: string } }[];
    if (route?.dev === undefined) return null;
    return { interface: route.dev, gateway: route.gateway ?? route.via?.host ?? null, known: true };
  } catch {
    return null;
  }
}

/** `route -n get`, lines of "name: value"; the gateway is no address where the target is on the link. */
export function parseBsdRoute(text: string): Route | null {
  const value = (name: string) => new RegExp(`^\\s*${name}: (\\S+)`, 'm').exec(text)?.[1] ?? null;
  const name = value('interface');
  return name === null ? null : { interface: name, gateway: value('gateway'), known: true };
}

/** A datagram socket that is connected, which sends nothing, has the address of the interface it would send on. */
async function routeBySocket(address: string): Promise<Route | null> {
  const local = await new Promise<string | null>((resolve) => {
    const socket = createSocket(isIPv6(address.split('%')[0]!) ? 'udp6' : 'udp4');
    const settle = (found: string | null) => {
      socket.close();
      resolve(found);
    };
    socket.once('error', () => settle(null));
    // The discard port; nothing is sent there.
    socket.connect(9, address, () => settle(socket.address().address));
  });
  if (local === null) return null;
  const all = Object.entries(networkInterfaces()).flatMap(([name, infos = []]) =>
    infos.map((info) => ({ name, info })),
  );
  // To an address of its own a machine talks over the loopback interface.
  const target = address.split('%')[0];
  const own = all.some(({ info }) => info.address === target);
  const found = own ? all.find(({ info }) => info.internal) : all.find(({ info }) => info.address === local);
  return found === undefined ? null : { interface: found.name, gateway: null, known: false };
}

/** What the neighbour table (ARP, neighbour discovery) knows of an address on the link. */
export type Neighbour =
  | 'answered'
  /** It has been asked for, and nobody has answered yet, or ever. */
  | 'unanswered'
  /** Nothing has been sent that would need its link address. */
  | 'not-asked';

/** The neighbours on an interface, as a function that looks one up; null where nobody tells. Sends nothing. */
export async function readNeighbours(name: string): Promise<((address: string) => Neighbour) | null> {
  const answer = platform() === 'linux' ? await run('ip', ['-j', 'neigh', 'show', 'dev', name]) : null;
  return answer === null ? null : parseNeighbours(answer);
}

export function parseNeighbours(json: string): ((address: string) => Neighbour) | null {
  try {
    const entries = JSON.parse(json) as { dst: string; state: string[] }[];
    const states = new Map(entries.map(({ dst, state }) => [dst, state]));
    return (address) => {
      const state = states.get(address);
      if (state === undefined) return 'not-asked';
      return state.some((word) => word === 'INCOMPLETE' || word === 'FAILED') ? 'unanswered' : 'answered';
    };
  } catch {
    return null;
  }
}

function run(file: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(file, args, { encoding: 'utf8' }, (error, stdout) => resolve(error ? null : stdout));
  });
}
