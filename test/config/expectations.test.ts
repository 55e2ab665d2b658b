import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../src/config/cidr.ts';
import {
  type Broken,
  createExpectationChecker,
  findBroken,
  mergeExpectationStates,
} from '../../src/config/expectations.ts';
import type { Cidr, Expectation } from '../../src/config/types.ts';
import type { Exchange } from '../../src/track/exchange.ts';
import { makeExchange } from '../support/exchange.ts';

const expectation = (fields: Partial<Expectation> = {}): Expectation => ({
  name: 'the edge refuses port 0',
  to: parseCidr('203.0.113.0/24') as Cidr,
  port: 0,
  from: null,
  verdict: ['refused'],
  withinNanos: null,
  atLeast: 1,
  ...fields,
});
const attempt = (fields: Parameters<typeof makeExchange>[0] = {}) => makeExchange({ server: '203.0.113.5', ...fields });

/** Checks one expectation against the exchanges of one input. */
function check(expected: Expectation, ...exchanges: Exchange[]): Broken[] {
  const checker = createExpectationChecker([expected], 0);
  for (const exchange of exchanges) checker.observe(exchange);
  return findBroken([expected], checker.state());
}

describe('an expectation', () => {
  it('holds when all that it is about was answered as it says', () => {
    expect(check(expectation(), attempt(), attempt({ id: 2 }))).toEqual([]);
    expect(check(expectation({ verdict: ['silent', 'refused'] }), attempt(), attempt({ verdict: 'silent' }))).toEqual(
      [],
    );
  });

  it('is broken by another verdict, and says what it wanted, what it saw and where', () => {
    const accepted = attempt({ id: 7, verdict: 'accepted', probeFrame: 11, answerFrame: 12 });
    const [broken, ...others] = check(expectation(), attempt(), accepted);
    expect(others).toEqual([]);
    expect(broken).toMatchObject({ touched: 2, broken: 1, late: 0, seen: { refused: 1, accepted: 1 } });
    expect(broken?.message).toBe(
      'expectation "the edge refuses port 0": broken by 1 of 2 exchanges with 203.0.113.0/24 port 0; ' +
        'wanted refused, saw 1 accepted, 1 refused (192.0.2.1:40000 accepted in frames 11, 12)',
    );
    expect(broken?.examples).toMatchObject([{ input: 0, exchange: 7, frames: [11, 12], verdict: 'accepted' }]);
  });

  it('is broken when no exchange touches it, unless atLeast is 0', () => {
    const elsewhere = [
      attempt({ server: '203.0.114.5' }),
      attempt({ serverPort: 80 }),
      makeExchange({ client: '203.0.113.5' }),
    ];
    const [broken] = check(expectation(), ...elsewhere);
    expect(broken?.message).toBe(
      'expectation "the edge refuses port 0": no exchange with 203.0.113.0/24 port 0; wanted refused, saw nothing',
    );
    expect(check(expectation({ atLeast: 0 }), ...elsewhere)).toEqual([]);
    expect(check(expectation({ atLeast: 0 }), attempt({ verdict: 'silent' }))).toHaveLength(1);
  });

  it('is broken by too few exchanges', () => {
    const [broken] = check(expectation({ atLeast: 3 }), attempt(), attempt());
    expect(broken?.message).toContain(
      '2 exchanges with 203.0.113.0/24 port 0, at least 3 wanted; wanted refused, saw 2 refused',
    );
    expect(check(expectation({ atLeast: 3 }), attempt(), attempt(), attempt())).toEqual([]);
  });

  it('is broken by an answer that took longer than within, which may be just as long', () => {
    const within = expectation({ withinNanos: 100e6 });
    expect(check(within, attempt({ latencyNanos: 100e6 }))).toEqual([]);
    const [broken] = check(within, attempt({ latencyNanos: 100e6 + 1 }), attempt({ latencyNanos: 250e6 }));
    expect(broken?.message).toContain('wanted refused within 100ms, saw 2 refused, 2 late, the slowest after 250ms');
    expect(check({ ...within, verdict: ['silent'] }, attempt({ verdict: 'silent' }))).toEqual([]);
  });

  it('is broken by an answer that the capture does not show to be in time', () => {
    const within = expectation({ withinNanos: 100e6, verdict: ['accepted', 'refused', 'simultaneous', 'unsolicited'] });
    const inferred = {
      verdict: 'accepted',
      inferred: true,
      answerFrame: null,
      answered: null,
      latencyNanos: null,
    } as const;
    const stray = {
      verdict: 'unsolicited',
      probe: null,
      probeFrame: null,
      answerFrame: 4,
      latencyNanos: null,
    } as const;
    for (const exchange of [
      attempt(inferred),
      attempt({ ...inferred, verdict: 'simultaneous' }),
      // Time stamps that step back between question and answer.
      attempt({ latencyNanos: null }),
      attempt(stray),
    ]) {
      const [broken] = check(within, exchange);
      expect(broken).toMatchObject({ touched: 1, broken: 1, late: 0 });
      expect(broken?.message).toContain('1 whose time from question to answer the capture does not show');
      expect(check({ ...within, withinNanos: null }, exchange)).toEqual([]);
    }
    // Of silence there is no answer to wait for.
    for (const verdict of ['silent', 'undecided'] as const)
      expect(check({ ...within, verdict: [verdict] }, attempt({ verdict, latencyNanos: null }))).toEqual([]);
  });

  it('is broken by a conversation whose start is not in the capture, where both ends have talked', () => {
    const late = { verdict: 'unsolicited', probe: null, probeFrame: null, answerFrame: null, underWay: true } as const;
    const none = expectation({ atLeast: 0 });
    expect(check(none, attempt({ ...late, established: true }))).toMatchObject([
      { broken: 1, seen: { unsolicited: 1 } },
    ]);
    // One end alone may be a probe, or backscatter.
    expect(check(none, attempt({ ...late, established: false }))).toEqual([]);
  });

  /** What of it is seen, whether frames could not be looked into, and what is then said. */
  it.each([
    [{}, 1, 0, null],
    [{}, 1, 3, 'unseen'],
    [{ atLeast: 0 }, 0, 0, null],
    [{ atLeast: 0 }, 0, 3, 'unseen'],
    [{ atLeast: 0 }, 1, 3, 'unseen'],
    [{ atLeast: 1 }, 0, 0, 'no exchange'],
    [{ atLeast: 1 }, 0, 3, 'no exchange'],
    [{ atLeast: 2 }, 1, 0, 'at least 2 wanted'],
    [{ atLeast: 2 }, 1, 3, 'at least 2 wanted'],
    [{ withinNanos: 100e6 }, 1, 0, null],
    [{ withinNanos: 100e6 }, 1, 3, 'unseen'],
    [{ withinNanos: 1 }, 1, 0, '1 late'],
    [{ withinNanos: 1 }, 1, 3, '1 late'],
    [{ verdict: ['silent'] }, 1, 0, 'saw 1 refused'],
    [{ verdict: ['silent'] }, 1, 3, 'saw 1 refused'],
    [{ verdict: ['silent'], atLeast: 2, withinNanos: 1 }, 1, 3, 'at least 2 exchanges were wanted'],
  ] as const)('%o with %i exchange seen, %i frames not looked into: %s', (fields, seen, frames, said) => {
    const expected = expectation(fields as Partial<Expectation>);
    const checker = createExpectationChecker([expected], 0);
    for (let index = 0; index < seen; index++) checker.observe(attempt({ id: index + 1 }));
    const found = findBroken([expected], checker.state(), { frames, of: 9, reasons: { 'link-type-user0': frames } });
    expect(found).toHaveLength(said === null ? 0 : 1);
    if (said === null) return;
    const may = /exchanges that it is about may be among the 3 of 9 frames that could not be looked into/;
    if (frames > 0) expect(found[0]?.message).toMatch(may);
    else expect(found[0]?.message).not.toMatch(may);
    if (said !== 'unseen') expect(found[0]?.message).toContain(said);
  });

  it('is about the port and the clients that it names', () => {
    const web = expectation({ port: 443, from: parseCidr('192.0.2.0/24') as Cidr, verdict: ['accepted'] });
    expect(check(web, attempt({ serverPort: 443, verdict: 'accepted' }))).toEqual([]);
    expect(check(web, attempt({ serverPort: 443, client: '198.51.100.1', verdict: 'accepted' }))).toHaveLength(1);
    expect(check(web, attempt({ serverPort: 443, verdict: 'refused' }), attempt())).toMatchObject([{ touched: 1 }]);
  });

  it('takes unsolicited answers for no attempts, unless it lists them', () => {
    const unsolicited = attempt({ verdict: 'unsolicited', probe: null, probeFrame: null, answerFrame: 4, frames: [4] });
    expect(check(expectation({ atLeast: 0 }), unsolicited)).toEqual([]);
    expect(check(expectation(), unsolicited)).toMatchObject([{ touched: 0 }]);
    expect(check(expectation({ verdict: ['unsolicited'] }), unsolicited)).toEqual([]);
    expect(check(expectation({ verdict: ['unsolicited'] }), attempt())).toMatchObject([{ broken: 1 }]);
  });

  it('counts what breaks it beyond the examples that it shows', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      attempt({ id: index + 1, verdict: 'silent', probeFrame: index + 1 }),
    );
    const [broken] = check(expectation(), ...many);
    expect(broken).toMatchObject({ touched: 500, broken: 500 });
    expect(broken?.examples.map(({ exchange }) => exchange)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(broken?.message).toMatch(/in frame 3; …\)$/);
  });
});

describe('several inputs', () => {
  const expected = [expectation({ atLeast: 3 }), expectation({ name: 'b', verdict: ['silent'], withinNanos: 1 })];
  const inputs = [[attempt()], [attempt({ verdict: 'accepted', id: 9 }), attempt()], []];

  it('add up, whatever thread they were read in', () => {
    const states = inputs.map((exchanges, input) => {
      const checker = createExpectationChecker(expected, input);
      for (const exchange of exchanges) checker.observe(exchange);
      return JSON.parse(JSON.stringify(structuredClone(checker.state())));
    });
    const [first, second] = findBroken(expected, mergeExpectationStates(states));
    expect(first).toMatchObject({ touched: 3, broken: 1, seen: { accepted: 1, refused: 2 } });
    expect(first?.examples).toMatchObject([{ input: 1, exchange: 9 }]);
    expect(second).toMatchObject({ touched: 3, broken: 3 });
    expect(second?.examples.map(({ input }) => input)).toEqual([0, 1, 1]);
  });

  it('are none when no input could be read: then nothing was touched', () => {
    expect(findBroken(expected, mergeExpectationStates([]))).toMatchObject([{ touched: 0 }, { touched: 0 }]);
  });

  it('cost nothing when nothing is expected', () => {
    expect(createExpectationChecker([], 0).state()).toEqual([]);
    expect(findBroken([], [])).toEqual([]);
  });
});
