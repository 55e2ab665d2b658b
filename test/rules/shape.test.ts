import { describe, expect, it } from 'vitest';
import { defaultSetting } from '../../src/config/defaults.ts';
import { rules } from '../../src/rules/index.ts';
import { type Exchange, type SegmentEvidence, VERDICTS } from '../../src/track/exchange.ts';
import { makeEvidence, makeExchange } from '../support/exchange.ts';

/** What is the same for all exchanges of one shape: what the shape is made of, and what is empty where nothing is odd. */
const SAME: ReadonlySet<string> = new Set([
  'portZero',
  'probe',
  'verdict',
  'state',
  'answerEvidence',
  'anomalies',
  'anomalyFrame',
  'conflicting',
  'dataFrame',
  'established',
  'invalidResets',
  'firstInvalidResetFrame',
  'otherAnswers',
  'questionEvicted',
  'unseenAnswer',
] satisfies (keyof Exchange)[]);
/** Of the answer only what it is. */
const SAME_OF_ANSWER: ReadonlySet<string> = new Set(['kind'] satisfies (keyof SegmentEvidence)[]);

const ENDS = [
  { clientPort: 40_000, serverPort: 0 },
  { clientPort: 0, serverPort: 80 },
  { clientPort: 0, serverPort: 0 },
  { clientPort: 40_000, serverPort: 80 },
];

/** Plain exchanges: a SYN, an answer, or both. */
const PLAIN = ENDS.flatMap((ends) =>
  VERDICTS.map((verdict) => makeExchange({ ...ends, verdict, probe: verdict === 'unsolicited' ? null : 'syn' })),
);

const byShape = rules.filter((rule) => rule.kind === 'exchange').filter((rule) => rule.goesByShape === true);

// Asked about one of them, such a rule answers for all: what it says of the first port 4444 it would say of every port.
describe.each(byShape.map((rule) => [rule.meta.id, rule] as const))('%s, which goes by shape', (_, rule) => {
  it('reads nothing that differs between exchanges of one shape', () => {
    const read = new Set<string>();
    const watch = <T extends object>(target: T, same: ReadonlySet<string>): T =>
      new Proxy(target, {
        get(_target, name) {
          if (!same.has(String(name))) read.add(String(name));
          return Reflect.get(target, name);
        },
      });
    for (const exchange of PLAIN) {
      const answerEvidence = exchange.verdict === 'silent' ? null : watch(makeEvidence(), SAME_OF_ANSWER);
      rule.match(watch({ ...exchange, answerEvidence }, SAME), defaultSetting(rule).options);
    }
    expect([...read]).toEqual([]);
  });
});
