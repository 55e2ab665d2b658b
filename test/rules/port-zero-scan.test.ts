import { describe, expect, it } from 'vitest';
import { RuleEngine } from '../../src/engine/engine.ts';
import { portZeroScan } from '../../src/rules/port-zero-scan.ts';
import { addressBytes, makeExchange, makeTime } from '../support/exchange.ts';
import { settingsWith } from '../support/rules.ts';

const engineFor = (live = false, options?: Record<string, number>) =>
  new RuleEngine(
    [portZeroScan],
    settingsWith(options ? { 'port-zero-scan': { options: { hosts: 10, window: 60e9, ...options } } } : {}),
    { live },
  );

/** Asks `hosts` hosts, one every `step` seconds from `start` on, frames from start on. */
function scan(engine: RuleEngine, hosts: number, step: number, start = 0, fields = {}) {
  return Array.from({ length: hosts }, (_, host) => host).flatMap((host) =>
    engine.opened(
      makeExchange({
        server: `198.51.100.${host}`,
        started: makeTime(start + host * step),
        probeFrame: start + host + 1,
        ...fields,
      }),
    ),
  );
}

describe('port-zero-scan', () => {
  it('fires at ten hosts within a minute, and not at nine', () => {
    const nine = engineFor();
    scan(nine, 9, 1);
    expect(nine.finish()).toEqual([]);
    const ten = engineFor();
    expect(scan(ten, 10, 1)).toEqual([]);
    const [scanned, ...others] = ten.finish();
    expect(others).toEqual([]);
    expect(scanned).toMatchObject({
      severity: 'warning',
      exchange: null,
      match: { messageId: 'scan', data: { hosts: 10, seconds: 9, span: '9 s' } },
      frames: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      time: makeTime(0),
      lastTime: makeTime(9),
      client: addressBytes('192.0.2.1'),
      server: null,
    });
    expect(ten.counts).toEqual({ info: 0, warning: 1, error: 0 });
  });

  it.each([false, true])('says "at one instant" where all have the same time stamp (live: %s)', (live) => {
    const engine = engineFor(live);
    const fired = [...scan(engine, 10, 0), ...engine.finish()];
    expect(fired.map(({ match }) => match)).toEqual([{ messageId: 'scan-at-once', data: { hosts: 10, seconds: 0 } }]);
    expect(portZeroScan.meta.messages['scan-at-once']).toBe('{client} asked port 0 of {hosts} hosts at one instant');
  });

  it('tells a span shorter than any digit of a second', () => {
    const engine = engineFor();
    scan(engine, 10, 1e-6);
    expect(engine.finish()[0]?.match.data).toEqual({ hosts: 10, seconds: 9e-6, span: '9 µs' });
  });

  it('slides: hosts asked a window ago count, those before do not', () => {
    const step = 60 / 9;
    const just = engineFor();
    scan(just, 10, step);
    expect(just.finish()).toHaveLength(1);
    const slower = engineFor();
    scan(slower, 30, step + 0.001);
    expect(slower.finish()).toEqual([]);
  });

  it('counts hosts, not openings: the same host again makes no scan', () => {
    const engine = engineFor();
    for (let round = 0; round < 5; round++) scan(engine, 9, 0.1, round);
    expect(engine.finish()).toEqual([]);
  });

  it('asks who asks: openings of other sources, to other ports, and answers do not count', () => {
    const engine = engineFor();
    scan(engine, 9, 1);
    engine.opened(makeExchange({ client: '192.0.2.2', server: '198.51.100.99', started: makeTime(10) }));
    engine.opened(makeExchange({ server: '198.51.100.99', serverPort: 80, clientPort: 0, started: makeTime(10) }));
    engine.opened(makeExchange({ server: '198.51.100.99', serverPort: 80, started: makeTime(10) }));
    engine.opened(
      makeExchange({ server: '198.51.100.99', probe: null, verdict: 'unsolicited', started: makeTime(10) }),
    );
    expect(engine.finish()).toEqual([]);
  });

  it('counts stealth probes and IPv6 as well', () => {
    const engine = engineFor();
    scan(engine, 10, 1, 0, { probe: 'null' });
    for (let host = 0; host < 10; host++) {
      const server = `2001:db8::${host.toString(16)}`;
      engine.opened(makeExchange({ client: '2001:db8:1::1', server, started: makeTime(host) }));
    }
    expect(engine.finish().map((fired) => fired.client)).toEqual(
      expect.arrayContaining([addressBytes('192.0.2.1'), addressBytes('2001:db8:1::1')]),
    );
  });

  it('makes one finding of a long scan, with all its hosts', () => {
    const engine = engineFor();
    scan(engine, 200, 2);
    const [fired] = engine.finish();
    expect(fired?.match.data).toEqual({ hosts: 200, seconds: 398, span: '6 min 38 s' });
    expect(fired?.frames).toHaveLength(100);
  });

  it('makes another finding of a scan that comes after a pause', () => {
    const engine = engineFor();
    scan(engine, 12, 1);
    expect(scan(engine, 12, 1, 1000).map((fired) => fired.match.data)).toEqual([
      { hosts: 12, seconds: 11, span: '11 s' },
    ]);
    expect(engine.finish()).toHaveLength(1);
  });

  it('fires live at the tenth host, once an episode', () => {
    const engine = engineFor(true);
    const [fired, ...others] = scan(engine, 50, 1);
    expect(others).toEqual([]);
    expect(fired?.match.data).toEqual({ hosts: 10, seconds: 9, span: '9 s' });
    expect(engine.finish()).toEqual([]);
    expect(scan(engine, 10, 1, 1000)).toHaveLength(1);
  });

  it('takes its options', () => {
    const engine = engineFor(false, { hosts: 3, window: 1e9 });
    scan(engine, 3, 0.5);
    expect(engine.finish()).toHaveLength(1);
    const slow = engineFor(false, { hosts: 3, window: 1e9 });
    scan(slow, 3, 0.6);
    expect(slow.finish()).toEqual([]);
  });

  it('finds scans of many hosts as it finds those of few', () => {
    const engine = engineFor(false, { hosts: 40, window: 60e9 });
    scan(engine, 39, 1);
    scan(engine, 39, 1);
    expect(engine.finish()).toEqual([]);
    const more = engineFor(false, { hosts: 40, window: 60e9 });
    scan(more, 41, 1);
    expect(more.finish().map((fired) => fired.match.data)).toEqual([{ hosts: 41, seconds: 40, span: '40 s' }]);
  });
});
