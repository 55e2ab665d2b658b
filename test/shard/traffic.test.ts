import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingsFor } from '../core/compare.ts';
import {
  capture,
  dump,
  type Form,
  flowArbitrary,
  formArbitrary,
  play,
  type Sent,
  stepsArbitrary,
  weighted,
} from '../core/traffic.ts';
import { cutCapture } from '../support/cut.ts';
import { inFolder, joined, merged, portZeroPart, writeRing } from '../support/distil.ts';

/** More than usual when somebody hunts: SHARD_RUNS=20000 SHARD_SEED=1 npx vitest run test/shard/traffic.test.ts */
const RUNS = Number(process.env.SHARD_RUNS ?? 300);
/** Of a run among all tests: one that fails by chance tells nobody what broke. */
const SEED = process.env.SHARD_SEED ?? '315526858';

const caseArbitrary = fc.record({
  flows: fc.array(fc.tuple(flowArbitrary, weighted([1, false], [1, true])), { minLength: 1, maxLength: 4 }),
  steps: stepsArbitrary,
  form: formArbitrary,
  answerTimeoutNanos: fc.constantFrom(5e9, 5e9, 1e9, 30e9),
  cuts: fc.array(fc.nat(), { maxLength: 4 }),
  /** Of the core, as a large file has it. */
  isInCore: fc.boolean(),
});

const FIN_SYN_RST = 7;

/** Whether it is a segment between ordinary ports that opens, answers and ends nothing. */
function isPlain({ packet, type }: Sent): boolean {
  if (type !== null) return false;
  const isIpv6 = packet[0]! >>> 4 === 6;
  const at = isIpv6 ? 40 : (packet[0]! & 0xf) * 4;
  if (packet[isIpv6 ? 6 : 9] !== 6 || packet.length < at + 14) return false;
  const ports = [packet[at]! * 256 + packet[at + 1]!, packet[at + 2]! * 256 + packet[at + 3]!];
  return !ports.includes(0) && (packet[at + 13]! & FIN_SYN_RST) === 0;
}

/** What the capture says of port 0, and what a merge of its pieces does. */
async function bothOf(sent: readonly Sent[], form: Form, cuts: readonly number[], options: Options) {
  const cut = cutCapture(capture(sent, form));
  if (cut === null || cut.frames === 0) return null;
  const at = [...new Set(cuts.map((place) => place % cut.frames))].filter((place) => place > 0);
  const pieces = cut.at(at.sort((a, b) => a - b));
  const changed = { config: settingsFor({ answerTimeoutNanos: options.answerTimeoutNanos }).config };
  let said: [one: string, other: string] | null = null;
  await inFolder(async (folder) => {
    const paths = writeRing(folder, pieces);
    const one = JSON.stringify(portZeroPart(await joined(paths, changed)), null, 1);
    const merge = {
      changed,
      shuffle: (made: string[]) => made.reverse(),
      ...(options.isInCore ? { worthCore: 0 } : {}),
    };
    said = [one, JSON.stringify(portZeroPart(await merged(paths, folder, merge)), null, 1)];
  });
  return said as [string, string] | null;
}

interface Options {
  readonly answerTimeoutNanos: number;
  readonly isInCore: boolean;
}

describe('a merge of shards', () => {
  it('says of port 0 in adverse traffic what the capture does, wherever that is cut', {
    timeout: 3_600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(caseArbitrary, async ({ flows, steps, form, cuts, ...options }) => {
        const sent = play(
          flows.map(([flow, isZero]) => (isZero ? { ...flow, serverPort: 0 } : flow)),
          steps,
        );
        const said = await bothOf(sent, form, cuts, options);
        if (said === null || said[0] === said[1]) return;
        // A segment of a conversation on ordinary ports tells the time where that waits, which the piece that holds no more of it cannot know.
        const rest = sent.filter((it) => !isPlain(it));
        if (rest.length < sent.length) {
          const without = await bothOf(rest, form, cuts, options);
          if (without === null || without[0] === without[1]) return;
        }
        expect(said[1], `${cuts} ${options.isInCore} ${dump(sent, form)}`).toBe(said[0]);
      }),
      { numRuns: RUNS, seed: Number(SEED) },
    );
  });
});
