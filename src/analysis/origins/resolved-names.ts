import { Resolver } from 'node:dns/promises';

/** Addresses that are asked about in a run. */
export const MAX_ASKED = 256;
/** Questions that are under way at the same time. */
const MAX_AT_ONCE = 16;
const QUESTION_MILLIS = 2000;
/** After so long the report is written with the names that have come. */
const DEADLINE_MILLIS = 5000;

interface ResolveOptions {
  /** Other name servers than the system's, as in "127.0.0.1:5353". */
  readonly servers?: readonly string[];
  readonly deadlineMillis?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The names that the DNS has for addresses (PTR). Whoever runs the zone of an address sees the question, so that it is asked
 * only when somebody wants it. What does not answer in time has no name.
 */
export async function resolveNames(
  addresses: Iterable<string>,
  { servers, deadlineMillis = DEADLINE_MILLIS, signal }: ResolveOptions = {},
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const waiting = [...new Set(addresses)].slice(0, MAX_ASKED);
  if (waiting.length === 0 || signal?.aborted === true) return names;
  const resolver = new Resolver({ timeout: QUESTION_MILLIS, tries: 1 });
  if (servers !== undefined) resolver.setServers(servers);
  let isOver = false;
  const end = () => {
    isOver = true;
    resolver.cancel();
  };
  const timer = setTimeout(end, deadlineMillis);
  signal?.addEventListener('abort', end);
  const ask = async () => {
    for (let address = waiting.shift(); address !== undefined && !isOver; address = waiting.shift()) {
      try {
        const [name] = await resolver.reverse(address);
        if (name !== undefined && name !== '') names.set(address, name);
      } catch {
        // No name, no server, no time: it goes without.
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_AT_ONCE, waiting.length) }, ask));
  clearTimeout(timer);
  signal?.removeEventListener('abort', end);
  return names;
}
