import { describe, expect, it } from 'vitest';
import { type IgnoreMatcher, MAX_EXCHANGE_RULES, RuleEngine } from '../../src/engine/engine.ts';
import type { ExchangeRule, WindowRule } from '../../src/engine/types.ts';
import { rules } from '../../src/rules/index.ts';
import { makeExchange, makeTime } from '../support/exchange.ts';
import { settingsOnly, settingsWith } from '../support/rules.ts';

const offline = { live: false };
const live = { live: true };

/** A rule that matches what `match` says; its setting has to be added to the settings. */
function customRule(id: string, match: ExchangeRule['match'], ports = 'zero'): ExchangeRule {
  return {
    kind: 'exchange',
    meta: {
      id,
      severity: 'info',
      summary: 's',
      meaning: 'm',
      action: 'a',
      options: { ports: { kind: 'choice', description: 'd', default: ports, choices: ['zero', 'any'] } },
      messages: { found: 'found' },
    },
    match,
  };
}

describe('an offline run', () => {
  it('fires each rule that matches, once, and counts by severity', () => {
    const engine = new RuleEngine(rules, settingsWith(), offline);
    const exchange = makeExchange({ clientPort: 0, verdict: 'accepted', dataFrame: 4, answerFrame: 2 });
    const mask = engine.evaluate(exchange);
    const fired = engine.fired(exchange, mask);
    const ids = ['syn-to-port-zero', 'syn-from-port-zero', 'port-zero-accepted', 'port-zero-data'];
    expect(fired.map(({ rule }) => rule.meta.id)).toEqual(ids);
    expect(engine.ruleIds(mask)).toEqual(ids);
    expect(engine.severity(mask)).toBe('error');
    expect(engine.counts).toEqual({ info: 0, warning: 2, error: 2 });
    expect(fired[0]).toMatchObject({ severity: 'warning', exchange: 1, frames: [1, 2], time: makeTime(0) });
    expect(fired[3]?.frames).toEqual([4]);
  });

  it('has nothing to say of ordinary ports', () => {
    const engine = new RuleEngine(rules, settingsWith(), offline);
    const exchange = makeExchange({ serverPort: 80, verdict: 'accepted', conflicting: true, invalidResets: 1 });
    expect(engine.wants(exchange)).toBe(false);
    expect(engine.evaluate(exchange)).toBe(0);
    expect(engine.severity(0)).toBeNull();
    expect(engine.ruleIds(0)).toEqual([]);
  });

  it('shows ordinary ports to rules set to ports: any, and only to those', () => {
    const any = { options: { ports: 'any' } };
    const engine = new RuleEngine(rules, settingsWith({ 'invalid-reset': any }), offline);
    const exchange = makeExchange({ serverPort: 80, conflicting: true, invalidResets: 1, firstInvalidResetFrame: 3 });
    expect(engine.wants(exchange)).toBe(true);
    expect(engine.ruleIds(engine.evaluate(exchange))).toEqual(['invalid-reset']);
  });

  it('leaves rules that are off alone, and takes the severity that is set', () => {
    const settings = settingsOnly(['syn-to-port-zero', 'port-zero-scan']);
    settings.set('syn-to-port-zero', { severity: 'error', options: {} });
    const engine = new RuleEngine(rules, settings, offline);
    const exchange = makeExchange({ clientPort: 0 });
    expect(
      engine.fired(exchange, engine.evaluate(exchange)).map(({ rule, severity }) => [rule.meta.id, severity]),
    ).toEqual([['syn-to-port-zero', 'error']]);
    expect(engine.counts.error).toBe(1);
  });

  it('shows the first frames of an exchange without question and answer', () => {
    const engine = new RuleEngine(
      [customRule('mine', () => ({ messageId: 'found' }))],
      settingsOnly(['mine'], [customRule('mine', () => null)]),
      offline,
    );
    const exchange = makeExchange({ probeFrame: null, answerFrame: null, frames: [7, 8] });
    expect(engine.fired(exchange, engine.evaluate(exchange))[0]?.frames).toEqual([7, 8]);
    const same = makeExchange({ probeFrame: 7, answerFrame: 7 });
    expect(engine.fired(same, engine.evaluate(same))[0]?.frames).toEqual([7]);
  });
});

describe('a live run', () => {
  it('fires each rule once an exchange, as soon as it matches', () => {
    const engine = new RuleEngine(rules, settingsWith(), live);
    const exchange = makeExchange({ verdict: 'undecided', answerFrame: null });
    expect(engine.ruleIds(engine.evaluate(exchange))).toEqual(['syn-to-port-zero']);
    expect(engine.evaluate(exchange)).toBe(0);
    const accepted = { ...exchange, verdict: 'accepted' as const, established: true };
    expect(engine.ruleIds(engine.evaluate(accepted))).toEqual(['port-zero-accepted']);
    const settled = { ...accepted, dataFrame: 5 };
    expect(engine.ruleIds(engine.evaluate(settled))).toEqual(['port-zero-data']);
    expect(engine.evaluate(settled)).toBe(0);
    expect(engine.counts).toEqual({ info: 0, warning: 1, error: 2 });
  });

  it('finds in the end what an offline run finds', () => {
    const stages = [
      makeExchange({ verdict: 'undecided', answerFrame: null }),
      makeExchange({ verdict: 'undecided', invalidResets: 1, firstInvalidResetFrame: 2, anomalies: 1 << 7 }),
      makeExchange({ verdict: 'refused', invalidResets: 1, anomalies: 1 << 7, conflicting: true }),
    ];
    const once = new RuleEngine(rules, settingsWith(), offline);
    const often = new RuleEngine(rules, settingsWith(), live);
    let mark = 0;
    let union = 0;
    for (const stage of stages) {
      stage.mark = mark;
      union |= often.evaluate(stage);
      mark = stage.mark;
    }
    expect(often.ruleIds(union)).toEqual(once.ruleIds(once.evaluate(stages.at(-1)!)));
    expect(often.counts).toEqual(once.counts);
  });
});

describe('what is ignored', () => {
  const ignore: IgnoreMatcher = {
    exchange: ({ clientAddress }) => clientAddress[3] === 9,
    datagram: () => true,
  };

  it('is not flagged, in windows neither', () => {
    const engine = new RuleEngine(rules, settingsWith(), { live: true, ignore });
    const ours = makeExchange({ client: '192.0.2.9' });
    expect(engine.evaluate(ours)).toBe(0);
    expect(ours.mark).toBe(0);
    for (let index = 0; index < 200; index++) {
      const scan = makeExchange({
        client: '192.0.2.9',
        server: `198.51.100.${index}`,
        started: makeTime(index / 1000),
      });
      const flood = makeExchange({ client: '192.0.2.9', started: makeTime(index / 1000) });
      expect([...engine.opened(scan), ...engine.opened(flood)]).toEqual([]);
    }
    expect(engine.counts).toEqual({ info: 0, warning: 0, error: 0 });
    expect(engine.evaluate(makeExchange())).not.toBe(0);
  });
});

describe('rules of the user', () => {
  it('see port 0 only, unless their option ports is any', () => {
    const zero = customRule('mine', () => ({ messageId: 'found' }));
    const any = customRule('every', () => ({ messageId: 'found' }), 'any');
    const engine = new RuleEngine([zero, any], settingsWith({}, [zero, any]), offline);
    expect(engine.ruleIds(engine.evaluate(makeExchange({ serverPort: 80 })))).toEqual(['every']);
    expect(engine.ruleIds(engine.evaluate(makeExchange()))).toEqual(['mine', 'every']);
  });

  it('may be thirty at most, and all need a setting', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => customRule(`rule-${index}`, () => ({ messageId: 'found' })));
    const thirty = many(MAX_EXCHANGE_RULES);
    const engine = new RuleEngine(thirty, settingsWith({}, thirty), live);
    const exchange = makeExchange();
    expect(engine.ruleIds(engine.evaluate(exchange))).toHaveLength(30);
    expect(engine.evaluate(exchange)).toBe(0);
    const more = many(MAX_EXCHANGE_RULES + 1);
    expect(() => new RuleEngine(more, settingsWith({}, more), offline)).toThrow(
      '31 rules about exchanges are on, at most 30',
    );
    expect(() => new RuleEngine(more, new Map(), offline)).toThrow('no setting for the rule rule-0');
  });

  it('may look at windows of openings and hosts together', () => {
    const both: WindowRule = {
      kind: 'window',
      by: 'client',
      meta: { ...customRule('both', () => null).meta, options: {} },
      window: () => ({ nanos: 1e9, peers: 2, openings: 5 }),
      match: ({ peers, openings }) =>
        peers >= 2 && openings >= 5 ? { messageId: 'found', data: { peers, openings } } : null,
    };
    const engine = new RuleEngine([both], settingsWith({}, [both]), live);
    const fired = [1, 1, 1, 1, 1, 2, 1].flatMap((host, index) =>
      engine.opened(
        makeExchange({ server: `198.51.100.${host}`, started: makeTime(index / 10), probeFrame: index + 1 }),
      ),
    );
    expect(fired).toHaveLength(1);
    expect(fired[0]).toMatchObject({ match: { data: { peers: 2 } }, lastTime: makeTime(0.5) });
  });
});

describe('other settings while it runs', () => {
  it('ask of an open exchange what was not asked before, and nothing twice', () => {
    const engine = new RuleEngine(rules, settingsOnly(['syn-from-port-zero']), live);
    const exchange = makeExchange({ clientPort: 0 });
    expect(engine.ruleIds(engine.evaluate(exchange))).toEqual(['syn-from-port-zero']);
    engine.adopt(settingsOnly(['syn-to-port-zero', 'syn-from-port-zero']), null);
    expect(engine.ruleIds(engine.evaluate(exchange))).toEqual(['syn-to-port-zero']);
    engine.adopt(settingsOnly(['syn-to-port-zero']), null);
    expect(engine.evaluate(exchange)).toBe(0);
    // What was flagged by a rule that is off now stays so.
    expect(engine.fired(exchange, exchange.mark).map(({ rule }) => rule.meta.id)).toEqual([
      'syn-from-port-zero',
      'syn-to-port-zero',
    ]);
    expect(engine.counts.warning).toBe(2);
  });

  it('keep a rate that is asked as before, and begin another anew', () => {
    const flood = (rate: number) => settingsWith({ 'port-zero-flood': { options: { rate, window: 1e9 } } });
    const engine = new RuleEngine(rules, flood(3), live);
    const open = (at: number) => engine.opened(makeExchange({ started: makeTime(at) })).map(({ rule }) => rule.meta.id);
    expect([open(0), open(0)]).toEqual([[], []]);
    engine.adopt(flood(3), null);
    expect(open(0)).toContain('port-zero-flood');
    engine.adopt(flood(2), null);
    expect(open(0)).toEqual([]);
    expect(open(0)).toContain('port-zero-flood');
  });

  it('change nothing where they are more than it takes', () => {
    const many = Array.from({ length: MAX_EXCHANGE_RULES }, (_, i) =>
      customRule(`r${i}`, () => ({ messageId: 'found' })),
    );
    const more = customRule('more', () => ({ messageId: 'found' }));
    const all = [...many, more];
    const engine = new RuleEngine(
      all,
      settingsOnly(
        many.map(({ meta }) => meta.id),
        all,
      ),
      live,
    );
    expect(() => engine.adopt(settingsOnly(['more'], all), null)).toThrow('on or have been');
    expect(engine.ruleIds(engine.evaluate(makeExchange({})))).toHaveLength(MAX_EXCHANGE_RULES);
  });
});
