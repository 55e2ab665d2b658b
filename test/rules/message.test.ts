import { describe, expect, it } from 'vitest';
import { type ExchangeWords, exchangeValues, formatMessage } from '../../src/engine/message.ts';
import { rules } from '../../src/rules/index.ts';
import { VERDICTS } from '../../src/track/exchange.ts';

const refused: ExchangeWords = {
  client: { address: '192.0.2.1', port: 40_000 },
  server: { address: '198.51.100.7', port: 0 },
  portZero: 'server',
  probe: 'syn',
  verdict: 'refused',
  state: 'closed',
  reason: 'reset',
  answeredBy: '198.51.100.7',
  latencyMs: 0.043,
  retransmissions: 0,
  bytesToServer: 0,
  bytesToClient: 0,
};

/** Names that the messages of each kind of rule can use besides what their match gives. */
const DATA: Readonly<Record<string, readonly string[]>> = {
  'port-zero-scan': ['client', 'hosts', 'seconds', 'span'],
  'port-zero-flood': ['server', 'openings', 'seconds', 'span'],
  'udp-port-zero': ['client', 'server', 'datagrams'],
  'invalid-reset': ['resets'],
  'malformed-port-zero': ['faults'],
};

describe('formatMessage', () => {
  it('fills names in, says unknown for null, and leaves what it does not know', () => {
    expect(formatMessage('{a} and {b}, {c}', { a: 1, b: null })).toBe('1 and unknown, {c}');
    expect(formatMessage('{constructor} {toString}', {})).toBe('{constructor} {toString}');
    expect(formatMessage('{a}', { a: '$& {b}', b: 'no' })).toBe('$& {b}');
  });

  it('groups the digits of counts, and of nothing else', () => {
    const values = { openings: 1_234_567, clientPort: 59_804, port: 8080, latencyMs: 1234.5678, name: '20000' };
    expect(formatMessage('{openings} {clientPort} {port} {latencyMs} {name}', values)).toBe(
      '1,234,567 59804 8080 1234.5678 20000',
    );
  });
});

describe('messages', () => {
  it.each([
    ['refused', 'SYN from 192.0.2.1 to port 0 of 198.51.100.7: refused by 198.51.100.7 (reset)'],
    ['silent', 'SYN from 192.0.2.1 to port 0 of 198.51.100.7: no answer (silent)'],
    ['undecided', 'SYN from 192.0.2.1 to port 0 of 198.51.100.7: no answer seen so far'],
  ] as const)('read well when %s', (verdict, message) => {
    const template = rules[0]!.meta.messages.syn!;
    expect(formatMessage(template, exchangeValues({ ...refused, verdict }))).toBe(message);
  });

  it('bracket IPv6 addresses before a port', () => {
    const words = { ...refused, server: { address: '2001:db8::1', port: 0 } };
    expect(formatMessage('{serverEnd} {clientEnd}', exchangeValues(words))).toBe('[2001:db8::1]:0 192.0.2.1:40000');
  });

  it.each(rules.map((rule) => [rule.meta.id, rule] as const))('of %s leave no name unfilled', (id, { meta, kind }) => {
    const data = Object.fromEntries((DATA[id] ?? []).map((name) => [name, 'x']));
    for (const template of Object.values(meta.messages)) {
      for (const verdict of VERDICTS) {
        const values = kind === 'exchange' ? exchangeValues({ ...refused, verdict }) : {};
        const message = formatMessage(template, { ...values, ...data });
        expect(message).not.toMatch(/[{}]|unknown|undefined/);
      }
    }
  });
});
