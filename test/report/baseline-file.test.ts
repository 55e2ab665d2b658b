import { describe, expect, it } from 'vitest';
import { readBaseline } from '../../src/analysis/baseline-text.ts';
import { formatBaseline } from '../../src/report/model/baseline-file.ts';
import { rules } from '../../src/rules/index.ts';

const HEAD = '# portzero baseline 1\n';
const read = (text: string) => readBaseline(Buffer.from(text), 'known', rules);
const one = (line: string) => read(`${HEAD}${line}\n`).entries[0]!;

function fault(text: string): string {
  try {
    read(text);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError' });
    return (error as Error).message;
  }
  throw new Error(`taken: ${text}`);
}

describe('a line of a baseline', () => {
  it('says rule, who, whom, where, since when and why', () => {
    expect(
      one('syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 in "vlan 5 > vxlan 42" since 2026-11-26: a: "b" # c'),
    ).toEqual({
      ruleId: 'syn-to-port-zero',
      who: '192.0.2.1',
      whom: '198.51.100.7:0',
      scope: 'vlan 5 > vxlan 42',
      since: '2026-11-26',
      why: 'a: "b" # c',
      line: 2,
      comments: [],
    });
    expect(one('port-zero-flood - -> [2001:db8::1]:0 since 2026-11-26')).toMatchObject({ who: null, why: '' });
  });

  it('takes addresses in any spelling, tabs, and lines as Windows ends them', () => {
    expect(one('syn-to-port-zero 2001:DB8:0:0::1\t->  [2001:0db8::0002]:0 since 2026-11-26:x\r')).toMatchObject({
      who: '2001:db8::1',
      whom: '[2001:db8::2]:0',
      why: 'x',
    });
    expect(one('syn-from-port-zero [2001:DB8::1]:0 -> 192.0.2.1:80 since 2026-11-26').who).toBe('[2001:db8::1]:0');
    expect(read(`\ufeff${HEAD.replace('\n', '\r\n')}\r\n`).entries).toEqual([]);
    expect(read('').entries).toEqual([]);
  });

  it('that stands there twice, as after a merge, is one', () => {
    const line = 'syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 since';
    expect(read(`${HEAD}${line} 2026-11-26\n${line} 2026-02-01: why\n`).entries).toMatchObject([
      { since: '2026-02-01', why: 'why' },
    ]);
  });

  it.each([
    ['syn-to-port-zero', 17, 'expected who'],
    [
      'syn-to-port-zero 192.0.2.0/24 -> 198.51.100.7:0 since 2026-11-26',
      18,
      '"192.0.2.0/24" is nobody: expected an address',
    ],
    ['syn-to-port-zero * -> 198.51.100.7:0 since 2026-11-26', 18, '"*" is nobody'],
    ['syn-to-port-zero 192.0.2.1:80 -> 198.51.100.7:0 since 2026-11-26', 18, 'is nobody'],
    ['syn-to-port-zero 192.0.2.1 198.51.100.7:0 since 2026-11-26', 28, 'expected ->'],
    [
      'syn-to-port-zero 192.0.2.1 -> 198.51.100.7 since 2026-11-26',
      31,
      '"198.51.100.7" is nobody: expected 198.51.100.7:0',
    ],
    ['syn-to-port-zero 192.0.2.1 -> 198.51.100.7:65536 since 2026-11-26', 31, 'is nobody'],
    ['syn-to-port-zero 192.0.2.1 -> 2001:db8::1:0 since 2026-11-26', 31, 'is nobody'],
    ['syn-to-port-zero 192.0.2.1 -> "name" since 2026-11-26', 31, 'is nobody'],
    ['expectation - -> edge since 2026-11-26', 18, 'the name of the expectation in quotes'],
    ['syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 in vlan since 2026-11-26', 49, 'in quotes'],
    ['syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0', 45, 'expected since'],
    ['syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 since yesterday', 52, 'expected a date'],
    ['syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 since 2026-02-30', 52, 'expected a date'],
    ['syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 since 2026-11-26 because', 62, 'expected a colon'],
    ['<<<<<<< HEAD', 9, 'is nobody'],
  ])('that is wrong is told with its place: %s', (line, column, message) => {
    const text = fault(`${HEAD}# a comment\n${line}\n`);
    expect(text).toContain(`known:3:${column}: `);
    expect(text).toContain(message);
    expect(text).toContain('a line is RULE WHO -> WHOM [in "SCOPE"] since YYYY-MM-DD[: why]');
  });

  it('of a rule that there is not is told, with the rule that was meant', () => {
    expect(fault(`${HEAD}syn-to-port-zro 192.0.2.1 -> 198.51.100.7:0 since 2026-11-26`)).toMatch(
      /^known:2:1: there is no rule "syn-to-port-zro": did you mean syn-to-port-zero\?/,
    );
  });
});

it('is refused as a whole when it is something else', () => {
  expect(fault('{"findings": []}')).toContain(
    'known:1:1: this is no baseline: expected the first line to be "# portzero baseline 1"',
  );
  expect(fault('# portzero baseline 2\n')).toContain('known:1:1: this is a baseline of version "2": expected 1');
  expect(fault('\0\0')).toContain('this is not text');
});

it('is written sorted, and read back', () => {
  const text = `${HEAD}# on top\nudp-port-zero 192.0.2.9 -> 192.0.2.1:0 since 2026-11-26\n# of b\nport-zero-scan 192.0.2.9 -> - since 2026-11-26: why\n# last\n`;
  const written = formatBaseline(read(text));
  expect(written.split('\n').slice(3)).toEqual([
    '# of b',
    'port-zero-scan 192.0.2.9 -> - since 2026-11-26: why',
    '# on top',
    'udp-port-zero 192.0.2.9 -> 192.0.2.1:0 since 2026-11-26',
    '# last',
    '',
  ]);
  expect(formatBaseline(read(written))).toBe(written);
});
