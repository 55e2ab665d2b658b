import { describe, expect, it } from 'vitest';
import { RuleEngine } from '../../src/engine/engine.ts';
import { portZeroFlood } from '../../src/rules/port-zero-flood.ts';
import { addressBytes, makeExchange, makeTime } from '../support/exchange.ts';
import { settingsWith } from '../support/rules.ts';

const engineFor = (live = false, options?: Record<string, number>) =>
  new RuleEngine(
    [portZeroFlood],
    settingsWith(options ? { 'port-zero-flood': { options: { rate: 100, window: 1e9, ...options } } } : {}),
    { live },
  );

/** `openings` from ever other sources, `step` seconds apart. */
function flood(engine: RuleEngine, openings: number, step: number, start = 0, server = '198.51.100.7') {
  return Array.from({ length: openings }, (_, index) => index).flatMap((index) =>
    engine.opened(
      makeExchange({
        client: `10.0.${index >> 8}.${index & 255}`,
        server,
        started: makeTime(start + index * step),
        probeFrame: index + 1,
      }),
    ),
  );
}

describe('port-zero-flood', () => {
  it.each([false, true])('says "at one instant" where all have the same time stamp (live: %s)', (live) => {
    const engine = engineFor(live);
    const fired = [...flood(engine, 100, 0), ...engine.finish()];
    expect(fired.map(({ match }) => match)).toEqual([
      { messageId: 'flood-at-once', data: { openings: 100, seconds: 0 } },
    ]);
  });

  it('fires at a hundred openings a second, and not below', () => {
    const below = engineFor();
    flood(below, 1000, 0.0102);
    expect(below.finish()).toEqual([]);
    const few = engineFor();
    flood(few, 99, 0.0001);
    expect(few.finish()).toEqual([]);
    const engine = engineFor();
    flood(engine, 100, 0.01);
    const [fired, ...others] = engine.finish();
    expect(others).toEqual([]);
    expect(fired).toMatchObject({
      severity: 'error',
      match: { messageId: 'flood', data: { openings: 100, seconds: 0.99, span: '990 ms' } },
      time: makeTime(0),
      lastTime: makeTime(0.99),
      client: null,
      server: addressBytes('198.51.100.7'),
    });
    expect(fired?.frames).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it('counts a long flood whole, with the first frames and the last', () => {
    const engine = engineFor();
    flood(engine, 5000, 0.001);
    const [fired] = engine.finish();
    expect(fired?.match.data).toEqual({ openings: 5000, seconds: 4.999, span: '5 s' });
    expect(fired?.frames).toHaveLength(100);
    expect(fired?.frames.slice(48, 52)).toEqual([49, 50, 4951, 4952]);
    expect(fired?.frames.at(-1)).toBe(5000);
    expect(fired?.framesOmitted).toBe(4900);
  });

  it('tells targets apart', () => {
    const engine = engineFor();
    for (const server of ['198.51.100.1', '198.51.100.2', '2001:db8::1']) flood(engine, 60, 0.001, 0, server);
    expect(engine.finish()).toEqual([]);
  });

  it('fires live when the rate is reached', () => {
    const engine = engineFor(true);
    const fired = flood(engine, 300, 0.001);
    expect(fired.map(({ match }) => match.data)).toEqual([{ openings: 100, seconds: 0.099, span: '99 ms' }]);
    expect(engine.finish()).toEqual([]);
  });

  it('measures the rate over the whole window', () => {
    const engine = engineFor(false, { rate: 1.1, window: 10e9 });
    flood(engine, 10, 1);
    expect(engine.finish()).toEqual([]);
    const eleven = engineFor(false, { rate: 1.1, window: 10e9 });
    flood(eleven, 11, 1);
    expect(eleven.finish()).toHaveLength(1);
  });

  it('takes small disorder of time stamps for no time, and starts anew when the clock jumps back', () => {
    const engine = engineFor();
    for (let index = 0; index < 100; index++) {
      const started = makeTime(10 + index * 0.005 - (index % 2) * 0.3);
      engine.opened(makeExchange({ started, probeFrame: index + 1 }));
    }
    expect(engine.finish()).toHaveLength(1);
    const jumping = engineFor();
    flood(jumping, 99, 0.001, 1000);
    flood(jumping, 99, 0.001, 0);
    expect(jumping.finish()).toEqual([]);
    flood(jumping, 100, 0.001, -5000);
    expect(jumping.finish()).toHaveLength(1);
  });
});
