import { isDeepStrictEqual } from 'node:util';
import type { AnalysisSettings } from './types.ts';

/** A policy that a run cannot go on with. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

/** Whether more than the verdict is to be known of exchanges on ordinary ports. */
export function wantsAllPorts({ config, exchanges }: AnalysisSettings): boolean {
  return (
    exchanges === 'all' ||
    [...config.rules.values()].some(({ severity, options }) => severity !== 'off' && options.ports === 'any') ||
    config.expect.some(({ port }) => port !== 0)
  );
}

/** What of another policy needs a new start; null where the run can go on with it. */
export function describeRestart(before: AnalysisSettings, after: AnalysisSettings): string | null {
  const [old, { answerTimeoutNanos, decoder, plugins, baseline }] = [before.config, after.config];
  const changed = [
    ['answerTimeout', answerTimeoutNanos === old.answerTimeoutNanos],
    ['decoder', isDeepStrictEqual(decoder, old.decoder)],
    ['plugins', isDeepStrictEqual(plugins, old.plugins)],
    ['baseline', baseline === old.baseline],
    // Of those that are open less was kept than is wanted.
    ['ports: any, or an expectation of a port other than 0,', !wantsAllPorts(after) || wantsAllPorts(before)],
  ] as const;
  const names = changed.filter(([, isSame]) => !isSame).map(([name]) => name);
  return names.length === 0 ? null : `${names.join(' and ')} cannot change while it runs`;
}
