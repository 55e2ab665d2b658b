import { describe, expect, it } from 'vitest';
import { validateRule } from '../../src/engine/validate.ts';
import { rules } from '../../src/rules/index.ts';

const meta = {
  id: 'my-rule',
  severity: 'info',
  summary: 's',
  meaning: 'm',
  action: 'a',
  options: {},
  messages: { x: 'x' },
};
const good = { kind: 'exchange', meta, match: () => null };

describe('validateRule', () => {
  it.each(rules.map((rule) => [rule.meta.id, rule] as const))('takes %s', (_id, rule) => {
    expect(validateRule(rule)).toBe(rule);
  });

  it('takes a rule of the user', () => {
    expect(validateRule(good)).toBe(good);
    const option = { kind: 'choice', description: 'd', default: 'a', choices: ['a', 'b'] };
    expect(() => validateRule({ ...good, meta: { ...meta, options: { option } } })).not.toThrow();
  });

  it.each([
    [null, 'a rule must be an object with kind, meta and match, not null'],
    [[], 'not a list'],
    [{}, 'rule: meta must be an object; kind must be exchange, window or datagram; match must be a function'],
    [{ ...good, kind: 'exchagne' }, 'rule my-rule: kind must be exchange, window or datagram'],
    [{ ...good, match: 'x' }, 'match must be a function'],
    [{ ...good, kind: 'window' }, 'by must be client or server; window must be a function'],
    [{ ...good, meta: { ...meta, id: 'My Rule' } }, 'meta.id must be words'],
    [{ ...good, meta: { ...meta, severity: 'off' } }, 'meta.severity must be info, warning, error'],
    [{ ...good, meta: { ...meta, action: '' } }, 'meta.action must be a text'],
    [{ ...good, meta: { ...meta, messages: {} } }, 'meta.messages must have texts by message id, at least one'],
    [{ ...good, meta: { ...meta, messages: { x: 1 } } }, 'meta.messages must have texts'],
    [{ ...good, meta: { ...meta, options: null } }, 'meta.options must be an object'],
    [
      { ...good, meta: { ...meta, options: { n: { kind: 'number' } } } },
      'meta.options.n.kind must be count, duration, rate, choice',
    ],
    [
      { ...good, meta: { ...meta, options: { n: { kind: 'choice', description: '', default: 'a' } } } },
      'meta.options.n.choices must be a list of words',
    ],
  ])('refuses %j', (value, message) => {
    expect(() => validateRule(value)).toThrow(TypeError);
    expect(() => validateRule(value)).toThrow(message);
  });
});
