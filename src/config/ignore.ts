import type { IgnoreMatcher } from '../engine/engine.ts';
import { cidrMatches } from './cidr.ts';
import type { IgnoreEntry } from './types.ts';

/** What the engine asks before it flags something; null when nothing is ignored. Datagrams go from source to target. */
export function createIgnoreMatcher(entries: readonly IgnoreEntry[]): IgnoreMatcher | null {
  if (entries.length === 0) return null;
  return {
    exchange({ clientAddress, serverAddress }) {
      for (const { from, to } of entries) {
        if ((from === null || cidrMatches(from, clientAddress)) && (to === null || cidrMatches(to, serverAddress))) {
          return true;
        }
      }
      return false;
    },
    datagram({ bytes, ipVersion, sourceOffset, destinationOffset }) {
      const length = ipVersion === 4 ? 4 : 16;
      for (const { from, to } of entries) {
        const fromMatches = from === null || cidrMatches(from, bytes, sourceOffset, length);
        if (fromMatches && (to === null || cidrMatches(to, bytes, destinationOffset, length))) return true;
      }
      return false;
    },
  };
}
