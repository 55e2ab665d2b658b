import { describe, expect, it } from 'vitest';
import { TestBoard } from '../../support/live-board.ts';

function boardAt() {
  const clock = { millis: 5000 };
  return { clock, it: new TestBoard('eth0', () => clock.millis) };
}

describe('what the live page shows', () => {
  it('gives each finding a row while they can be read, with the answer when it comes', () => {
    const { it: test } = boardAt();
    const [first, second] = [test.find('syn-to-port-zero'), test.find('syn-to-port-zero')];
    expect(test.board.view(false).newest.map(({ waiting, verdict }) => [waiting, verdict])).toEqual([
      [true, null],
      [true, null],
    ]);
    test.settle(first, 'refused');
    test.settle(second, 'silent');
    const { newest, portZero, open } = test.board.view(false);
    expect(newest.map(({ waiting, verdict }) => [waiting, verdict])).toEqual([
      [false, 'silent'],
      [false, 'refused'],
    ]);
    expect([portZero.total, open]).toEqual([2, 0]);
  });

  it('names the interfaces that are captured, and all where none is or the run is over', () => {
    const test = new TestBoard('eth0, eth1');
    test.captured = ['eth1'];
    expect(test.board.view(false)).toMatchObject({ name: 'eth1', capturing: true });
    expect(test.board.view(true)).toMatchObject({ name: 'eth0, eth1', ended: true });
    test.captured = [];
    expect(test.board.view(false)).toMatchObject({ name: 'eth0, eth1', capturing: false });
  });

  it('makes one row of what comes too fast, and a row each again when it is over', () => {
    const { clock, it: test } = boardAt();
    for (let second = 0; second < 10; second++) {
      for (let each = 0; each < 1000; each++) test.settle(test.find('syn-to-port-zero'), 'refused');
      clock.millis += 1000;
    }
    const rows = test.board.view(false).newest;
    expect(rows.map(({ count }) => count)).toEqual([9995, 1, 1, 1, 1, 1]);
    expect(test.board.view(false).rules).toEqual([
      { ruleId: 'syn-to-port-zero', severity: 'warning', total: 10_000, lastMinute: 10_000 },
    ]);
    clock.millis += 2000;
    test.find('syn-to-port-zero');
    expect(test.board.view(false).newest.map(({ count }) => count)).toEqual([1, 9995, 1, 1, 1, 1, 1]);
    clock.millis += 60_000;
    expect(test.board.view(false).rules[0]).toMatchObject({ total: 10_001, lastMinute: 0 });
  });

  it('does not hide a rare finding behind many of another rule', () => {
    const { clock, it: test } = boardAt();
    test.find('port-zero-accepted');
    for (let second = 0; second < 4000; second++) {
      for (let each = 0; each < 4; each++) test.find('syn-to-port-zero');
      clock.millis += 1000;
    }
    const { newest } = test.board.view(false);
    expect(newest).toHaveLength(60);
    expect(newest.at(-1)!.ruleId).toBe('port-zero-accepted');
  });

  it('keeps the last hour in bins, and where frames were lost', () => {
    const { clock, it: test } = boardAt();
    test.settle(test.find('a'), 'refused');
    clock.millis += 30_000;
    test.drops = 7;
    test.settle(test.find('a'), 'silent');
    clock.millis += 20_000;
    const { bins, drops, binSeconds } = test.board.view(false).timeline;
    const sums = bins.map((counts) => counts.reduce((a, b) => a + b, 0));
    expect([bins.length, binSeconds]).toEqual([180, 20]);
    expect(sums.slice(-4)).toEqual([0, 1, 1, 0]);
    expect(drops.slice(-4)).toEqual([0, 0, 7, 0]);
    clock.millis += 3_600_000;
    const later = test.board.view(false).timeline;
    expect([later.bins.flat(), later.drops.some((lost) => lost > 0)]).toEqual([[], false]);
  });
});
