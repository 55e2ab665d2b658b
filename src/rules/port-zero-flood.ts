import type { Match, RuleOptions, WindowRule } from '../engine/types.ts';
import { formatDuration } from '../words/span.ts';

export const portZeroFlood: WindowRule = {
  kind: 'window',
  by: 'server',
  meta: {
    id: 'port-zero-flood',
    severity: 'error',
    summary: 'one target gets openings to port 0 at a high rate',
    meaning:
      'One address got so many openings to port 0 that it is not a scan of that host (a scan asks once or twice) but a flood, often with forged source addresses. Even a closed port costs the target a look-up and a RST for ' +
      'each, and the RSTs go to whoever owns the forged addresses. Tools that leave the port at its default (hping3 --flood) flood port 0. ' +
      'Distinct openings are counted (another source, source port or initial sequence number), not retransmissions or mirrored copies.',
    action:
      'Drop TCP to port 0 before the target: upstream if the link is full, else at the edge, without a reject, which would only add to the load and to the backscatter. See in the exchanges whether the sources are ' +
      'few (block them) or ever new (forged). False positives: a load test of your own; raise rate or window, or list it under ignore.',
    options: {
      rate: { kind: 'rate', description: 'openings to port 0 of one target', default: '100/s' },
      window: { kind: 'duration', description: 'time over which the rate is reached', default: '1s' },
    },
    messages: {
      flood: '{server} got {openings} openings to port 0 in {span}',
      'flood-at-once': '{server} got {openings} openings to port 0 at one instant',
    },
  },
  window: (options) => ({ nanos: options.window as number, peers: 0, openings: openingsOf(options) }),
  match({ openings, seconds }, options): Match | null {
    if (openings < openingsOf(options)) return null;
    // All have the same time stamp: no span that could be told in a unit.
    if (seconds === 0) return { messageId: 'flood-at-once', data: { openings, seconds } };
    return { messageId: 'flood', data: { openings, seconds, span: formatDuration(seconds) } };
  },
};

/** Openings that make the rate over the window. The small term keeps 1.1/s over 10s at 11, not 12, despite rounding. */
function openingsOf({ rate, window }: RuleOptions): number {
  return Math.max(1, Math.ceil(((rate as number) * (window as number)) / 1e9 - 1e-9));
}
