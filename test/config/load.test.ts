import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../src/config/defaults.ts';
import { ConfigError } from '../../src/config/errors.ts';
import { CONFIG_NAMES, findConfig } from '../../src/config/find.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';
import { addressBytes } from '../support/exchange.ts';

const home = mkdtempSync(join(tmpdir(), 'portzero-config-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

let folders = 0;
function write(files: Record<string, string>): string {
  const folder = join(home, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Loads the text as a YAML (or JSON) configuration file. */
const load = (text: string, name = 'portzero.config.yaml') => loadConfig({ cwd: write({ [name]: text }) });

async function problemsOf(text: string, name?: string): Promise<string[]> {
  const error = await load(text, name).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  const { problems, message, path } = error as ConfigError;
  expect(message.split('\n')).toHaveLength(problems.length);
  expect(message).toContain(path);
  return problems.map(({ line, column, path: key, message: text }) => `${line}:${column} ${key}: ${text}`);
}

const CONTRACT = `answerTimeout: 5s
failOn: warning
ignore:                                # not flagged, still counted
  - { from: 192.0.2.0/24, to: "198.51.100.7", reason: our own scanner }
rules:
  udp-port-zero: off                   # off | info | warning | error
  port-zero-scan: [error, { hosts: 20, window: 60s }]
expect:                                # what CI asserts of the stack under test
  - name: the edge refuses port 0
    to: 203.0.113.0/24                 # CIDR or address; port 0 unless ":port" is given
    verdict: [refused]
    within: 100ms
    atLeast: 1
`;

describe('the example of the contract', () => {
  it('is read as it says', async () => {
    const config = await load(CONTRACT);
    expect(config).toMatchObject({ answerTimeoutNanos: 5e9, failOn: 'warning', plugins: [] });
    expect(config.path).toMatch(/portzero\.config\.yaml$/);
    expect(config.ignore).toEqual([
      {
        from: { bytes: addressBytes('192.0.2.0'), bits: 24, text: '192.0.2.0/24' },
        to: { bytes: addressBytes('198.51.100.7'), bits: 32, text: '198.51.100.7' },
        reason: 'our own scanner',
      },
    ]);
    expect(config.rules.get('udp-port-zero')).toEqual({ severity: 'off', options: {} });
    expect(config.rules.get('port-zero-scan')).toEqual({ severity: 'error', options: { hosts: 20, window: 60e9 } });
    expect(config.rules.get('port-zero-flood')).toEqual({ severity: 'error', options: { rate: 100, window: 1e9 } });
    expect(config.expect).toEqual([
      {
        name: 'the edge refuses port 0',
        to: { bytes: addressBytes('203.0.113.0'), bits: 24, text: '203.0.113.0/24' },
        port: 0,
        from: null,
        verdict: ['refused'],
        withinNanos: 100e6,
        atLeast: 1,
        place: {
          file: 'portzero.config.yaml',
          line: CONTRACT.split('\n').findIndex((it) => it.includes('- name:')) + 1,
        },
      },
    ]);
  });

  it('is the same in JSON', async () => {
    const { default: yaml } = await import('yaml');
    const json = JSON.stringify(yaml.parse(CONTRACT), null, '\t');
    const config = await load(json, 'portzero.config.json');
    const withoutPlaces = (it: Config) => ({
      ...it,
      path: null,
      expect: it.expect.map(({ place: _, ...rest }) => rest),
    });
    expect(config.expect[0]!.place).toMatchObject({ file: 'portzero.config.json' });
    expect(withoutPlaces(config)).toEqual(withoutPlaces(await load(CONTRACT)));
  });
});

describe('everything else that can be set', () => {
  it('is read', async () => {
    const config = await load(`
$schema: ./node_modules/portzero/schema/portzero.config.schema.json
answerTimeout: 1.5s
failOn: never
rules:
  port-zero-flood: [info]
  invalid-reset: [error, { ports: any }]
expect:
  - { name: a, to: "[2001:db8::/32]:443", from: 192.0.2.1, verdict: silent, atLeast: 0 }
decoder:
  tunnelPorts: { vxlan: [4789, 8472], teredo: [] }
  mergeScopes: true
  checksums: trust
  fragmentBytes: 0
  fragmentTimeout: 1500ms
`);
    expect(config.answerTimeoutNanos).toBe(1.5e9);
    expect(config.failOn).toBe('never');
    expect(config.rules.get('port-zero-flood')).toEqual({ severity: 'info', options: { rate: 100, window: 1e9 } });
    expect(config.rules.get('invalid-reset')).toEqual({ severity: 'error', options: { ports: 'any' } });
    expect(config.expect[0]).toMatchObject({ port: 443, verdict: ['silent'], withinNanos: null, atLeast: 0 });
    expect(config.decoder).toEqual({
      tunnelPorts: { vxlan: [4789, 8472], teredo: [] },
      mergeScopes: true,
      checksums: 'trust',
      fragmentBytes: 0,
      fragmentSeconds: 1.5,
    });
  });

  it.each(['', '# nothing yet\n', '{}'])('an empty file (%j) means the defaults', async (text) => {
    const config = await load(text);
    expect({ ...config, path: null }).toEqual(defaultConfig());
  });
});

describe('the file', () => {
  it('is found upward, and there may be none', async () => {
    const folder = write({ 'portzero.config.yml': 'failOn: error', 'a/b/c.txt': '' });
    expect(findConfig(join(folder, 'a/b')).file).toBe(join(folder, 'portzero.config.yml'));
    expect((await loadConfig({ cwd: join(folder, 'a/b') })).failOn).toBe('error');
    expect(findConfig('/').file).toBeNull();
    expect(await loadConfig({ cwd: '/' })).toEqual(defaultConfig());
  });

  it('has no name that docs/ci.md keeps to itself, nor one that only it knows', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/ci.md'), 'utf8');
    const told = new Set(page.match(/\bportzero\.config\.(?!schema)\w+/g));
    expect([...told].sort()).toEqual([...CONFIG_NAMES].sort());
    for (const name of told) expect(findConfig(write({ [name]: '{}' })).file).toMatch(name);
  });

  it('is the nearest one', async () => {
    const folder = write({ 'portzero.config.yml': 'failOn: error', 'a/portzero.config.json': '{"failOn":"info"}' });
    expect((await loadConfig({ cwd: join(folder, 'a') })).failOn).toBe('info');
  });

  it('may be named, relative to the working directory', async () => {
    const folder = write({ 'x/policy.yaml': 'failOn: error' });
    expect((await loadConfig({ cwd: folder, path: 'x/policy.yaml' })).failOn).toBe('error');
    await expect(loadConfig({ cwd: folder, path: 'y.yaml' })).rejects.toThrow(/y\.yaml: there is no such file$/);
    await expect(loadConfig({ cwd: folder, path: 'x' })).rejects.toThrow('this is a directory');
  });

  it('must not be two in one folder', async () => {
    const folder = write({ 'portzero.config.yaml': '', 'portzero.config.json': '{}' });
    await expect(loadConfig({ cwd: folder })).rejects.toThrow(/portzero\.config\.json; keep one/);
  });
});

describe('the text of a configuration', () => {
  const TEXTS = { 'portzero.config.yaml': 'failOn: never\n', 'portzero.config.json': '{ "failOn": "never" }' };
  const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

  it.each(Object.entries(TEXTS))('may begin with a byte order mark, and be UTF-16: %s', async (name, text) => {
    for (const bytes of [
      Buffer.from(`\ufeff${text}`),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      utf16be(`\ufeff${text}`),
    ]) {
      const cwd = write({ [name]: '' });
      writeFileSync(join(cwd, name), bytes);
      expect((await loadConfig({ cwd })).failOn).toBe('never');
    }
  });

  it('counts lines and columns without the mark', async () => {
    expect(await problemsOf('\ufefffailon: never')).toEqual([expect.stringMatching(/^1:1 failon: unknown key/)]);
    expect(await problemsOf('\ufeff{ "failOn": "x" }', 'portzero.config.json')).toEqual([
      expect.stringMatching(/^1:13 failOn: /),
    ]);
  });

  it.each([
    ['bytes that are no UTF-8', Buffer.from([0x66, 0x3a, 0x20, 0xe9, 0x0a]), 'not text in UTF-8'],
    ['half a UTF-16', Buffer.from([0xff, 0xfe, 0x66]), 'no text in UTF-16'],
    ['UTF-16 without a mark', Buffer.from('failOn: never', 'utf16le'), 'holds NUL characters'],
  ])('is told when it is none: %s', async (_, bytes, message) => {
    const cwd = write({ 'portzero.config.yaml': '' });
    writeFileSync(join(cwd, 'portzero.config.yaml'), bytes);
    await expect(loadConfig({ cwd })).rejects.toThrow(message);
  });

  it.each([
    ['lists', `ignore: ${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'yaml'],
    ['mappings', `ignore: ${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`, 'yaml'],
    ['items', `ignore:\n  ${'- '.repeat(20_000)}a`, 'yaml'],
    ['some thousand', `ignore: ${'['.repeat(3000)}${']'.repeat(3000)}`, 'yaml'],
    ['JSON', `{ "ignore": ${'['.repeat(50_000)}${']'.repeat(50_000)} }`, 'json'],
    ['JSON that does not end', `{ "ignore": ${'['.repeat(50_000)}`, 'json'],
  ])('in which all too much is nested is one sentence: %s', async (_, text, ending) => {
    const problems = await problemsOf(text, `portzero.config.${ending}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/nested too deeply to be read|must be a mapping, not a list|Unexpected end of JSON/);
    expect(problems[0]).not.toMatch(/call stack/i);
  });

  it('is one document', async () => {
    expect(await problemsOf('failOn: info\n---\nfailOn: error\n')).toEqual([
      '2:1 : a second document begins here (after a line of ---); a configuration is one',
    ]);
    expect((await load('---\nfailOn: info\n...\n')).failOn).toBe('info');
  });

  it('does not grow by its aliases', async () => {
    const lines = ['a: &a [1]'];
    for (const [to, from] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'].map((pair) => [...pair] as [string, string])) {
      lines.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`);
    }
    expect((await problemsOf(lines.join('\n')))[0]).toContain('its aliases (*name) would grow into too much');
  });
});

describe('faults are told with key, line, what is allowed and what was likely meant', () => {
  it.each([
    [
      'answerTimout: 5s',
      '1:1 answerTimout: unknown key "answerTimout"; did you mean "answerTimeout"? allowed: answerTimeout, failOn, ignore, rules, expect, decoder, baseline, plugins',
    ],
    ['failOn: warn', '1:9 failOn: "warn" is not allowed; did you mean "warning"? allowed: info, warning, error, never'],
    ['failOn:\n  - info', '2:3 failOn: a list is not allowed; allowed: info, warning, error, never'],
    [
      'answerTimeout: 5',
      '1:16 answerTimeout: 5 is no duration; allowed is a number above 0 with h, m, s, ms, us or ns, as in 5s or 100ms',
    ],
    [
      'answerTimeout: 0s',
      '1:16 answerTimeout: "0s" is no duration; allowed is a number above 0 with h, m, s, ms, us or ns, as in 5s or 100ms',
    ],
    [
      'rules:\n  sny-to-port-zero: off',
      expect.stringMatching(
        /^2:3 rules\.sny-to-port-zero: unknown rule "sny-to-port-zero"; did you mean "syn-to-port-zero"\? allowed: syn-to-port-zero, syn-from-port-zero, .*udp-port-zero\b/,
      ),
    ],
    [
      'rules:\n  udp-port-zero: on',
      '2:18 rules.udp-port-zero: "on" is not allowed; allowed: off, info, warning, error',
    ],
    [
      'rules:\n  udp-port-zero: false',
      '2:18 rules.udp-port-zero: false is not allowed; allowed: off, info, warning, error',
    ],
    [
      'rules:\n  udp-port-zero: [info, { a: 1 }]',
      '2:27 rules.udp-port-zero[1].a: unknown option "a": the rule udp-port-zero has no options',
    ],
    [
      'rules:\n  udp-port-zero: [eror]',
      '2:19 rules.udp-port-zero[0]: "eror" is not allowed; did you mean "error"? allowed: off, info, warning, error',
    ],
    ['rules:\n  udp-port-zero: []', '2:18 rules.udp-port-zero: must not be empty'],
    ['rules:\n  udp-port-zero: [info, {}, 1]', '2:18 rules.udp-port-zero: must have at most 2 entries'],
    [
      'rules:\n  port-zero-scan: [info, { host: 1 }]',
      '2:28 rules.port-zero-scan[1].host: unknown option "host"; did you mean "hosts"? allowed: hosts, window',
    ],
    [
      'rules:\n  port-zero-scan: [info, { hosts: 0 }]',
      '2:35 rules.port-zero-scan[1].hosts: 0 is not allowed; allowed: a whole number from 1',
    ],
    [
      'rules:\n  port-zero-scan: [info, { hosts: "9" }]',
      '2:35 rules.port-zero-scan[1].hosts: "9" is not allowed; allowed: a whole number from 1',
    ],
    [
      'rules:\n  port-zero-scan: [info, { hosts: 100001 }]',
      '2:19 rules.port-zero-scan: these options need 100001 packets counted in a window, at most 100000 can be',
    ],
    [
      'rules:\n  port-zero-flood: [info, { rate: 5 }]',
      '2:35 rules.port-zero-flood[1].rate: 5 is not allowed; allowed: a rate above 0, as in 100/s, 60/m',
    ],
    [
      'rules:\n  port-zero-flood: [info, { window: 0s }]',
      '2:37 rules.port-zero-flood[1].window: "0s" is not allowed; allowed: a duration above 0, as in 5s, 100ms, 1m',
    ],
    [
      'rules:\n  invalid-reset: [info, { ports: all }]',
      '2:34 rules.invalid-reset[1].ports: "all" is not allowed; allowed: zero, any',
    ],
    [
      'rules:\n  expectation: off',
      '2:3 rules.expectation: expectation cannot be set: broken expectations are errors, and without entries under expect there are none',
    ],
    ['ignore:\n  - { reason: x }', '2:5 ignore[0]: needs from, to or both'],
    [
      'ignore:\n  - from: 192.0.2.1/24',
      '2:11 ignore[0].from: bits are set beyond the prefix; write 192.0.2.0/24 for the block or 192.0.2.1 for the address',
    ],
    [
      'ignore:\n  - { to: 192.0.2.2, form: 192.0.2.1 }',
      '2:22 ignore[0].form: unknown key "form"; did you mean "from"? allowed: from, to, reason',
    ],
    ['ignore: all', '1:9 ignore: must be a list, not "all"'],
    [
      'expect:\n  - { name: a, to: 192.0.2.1, verdict: refusd }',
      '2:40 expect[0].verdict: "refusd" is not allowed; did you mean "refused"? allowed: accepted, refused, unreachable, silent, undecided, simultaneous, challenged, invalid-reset, unsolicited',
    ],
    ['expect:\n  - { name: a, to: 192.0.2.1, verdict: [] }', '2:40 expect[0].verdict: must not be empty'],
    [
      'expect:\n  - { name: a, to: 192.0.2.1 }',
      expect.stringContaining('2:5 expect[0].verdict: is missing; allowed: accepted, refused'),
    ],
    ['expect:\n  - { to: 192.0.2.1, verdict: silent }', '2:5 expect[0].name: is missing'],
    [
      'expect:\n  - { name: a, to: "192.0.2.1:x", verdict: silent }',
      '2:20 expect[0].to: the port is "x", allowed are 0 to 65535',
    ],
    [
      'expect:\n  - { name: a, to: 192.0.2.1, verdict: silent, atLeast: -1 }',
      '2:57 expect[0].atLeast: must be at least 0',
    ],
    [
      'expect:\n  - { name: a, to: 192.0.2.1, verdict: silent, atLeast: 1.5 }',
      '2:57 expect[0].atLeast: must be a whole number, not 1.5',
    ],
    [
      'expect:\n  - { name: a, to: 192.0.2.1, verdict: silent }\n  - { name: a, to: 192.0.2.2, verdict: silent }',
      '3:13 expect[1].name: there is another expectation of the name "a"',
    ],
    [
      'decoder:\n  tunnelPorts: { vxlam: [1] }',
      expect.stringMatching(/^2:18 decoder\.tunnelPorts\.vxlam: unknown key "vxlam"; did you mean "vxlan"\?/),
    ],
    ['decoder:\n  tunnelPorts: { vxlan: [0] }', '2:26 decoder.tunnelPorts.vxlan[0]: must be at least 1'],
    ['- a', '1:1 : must be a mapping, not a list'],
    ['failOn: info\nfailOn: error', expect.stringMatching(/^2:1 : .*unique/i)],
    ['failOn: [info', expect.stringMatching(/^1:14 : /)],
  ])('%j', async (text, problem) => {
    expect(await problemsOf(text)).toEqual([problem]);
  });

  it('all of them, in order of line', async () => {
    const lines = await problemsOf('rules:\n  nope: off\nfailOn: x\nexpect: 1\nbad: 2\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['2:3', '3:9', '4:9', '5:1']);
  });

  it('in JSON too', async () => {
    const json = 'portzero.config.json';
    expect(await problemsOf('{\n\t"failOn": "warn"\n}', json)).toEqual([
      '2:12 failOn: "warn" is not allowed; did you mean "warning"? allowed: info, warning, error, never',
    ]);
    expect(await problemsOf('{\n  "failOn": info\n}', json)).toEqual([
      expect.stringMatching(/^2:13 : Unexpected token/),
    ]);
    expect(await problemsOf('{ "failOn":', json)).toEqual([expect.stringMatching(/^1:12 : Unexpected end/)]);
    expect(await problemsOf('{ "failOn": "info", "failOn": "error" }', json)).toEqual([
      expect.stringMatching(/^1:21 : .*unique/i),
    ]);
  });

  it('and a bomb of aliases does not go off', async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((key, index) => `${key}: &${key} [${new Array(9).fill(`*${'abcdefgh'[index]}`).join()}]`).join('\n')}`;
    expect(await problemsOf(bomb)).toEqual([expect.stringContaining('alias')]);
  });
});
