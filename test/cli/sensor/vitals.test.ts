import { expect, it } from 'vitest';
import { Vitals, type VitalsOptions } from '../../../src/cli/sensor/vitals.ts';

it.each([
  [['eth0', 'eth1'], [], []],
  [['eth0'], ['eth1'], ['nothing is captured on eth1']],
  [[], ['eth0', 'eth1'], ['nothing is captured']],
])('a run that captures %j and not %j says so', (captured, missed, complaints) => {
  const capture = { captured, missed, starts: 1, clockSteps: 0 };
  const options = { capture, outlets: { all: [] }, policy: { isStale: false }, evidence: () => null };
  expect(new Vitals(options as unknown as VitalsOptions).complaints()).toEqual(complaints);
});
