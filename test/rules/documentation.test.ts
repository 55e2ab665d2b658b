import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectationMeta } from '../../src/rules/expectation.ts';
import { rules } from '../../src/rules/index.ts';

const root = join(import.meta.dirname, '../..');
const ids = rules.map((rule) => rule.meta.id);

/** The rules and their default severities as the contract with users lists them. */
const CONTRACT = {
  'syn-to-port-zero': 'warning',
  'syn-from-port-zero': 'warning',
  'port-zero-accepted': 'error',
  'port-zero-data': 'error',
  'stealth-probe-to-port-zero': 'warning',
  'port-zero-backscatter': 'info',
  'port-zero-scan': 'warning',
  'port-zero-flood': 'error',
  'invalid-reset': 'warning',
  'conflicting-answers': 'warning',
  'malformed-port-zero': 'warning',
  'port-zero-cut': 'warning',
  'udp-port-zero': 'info',
};

describe('the rules', () => {
  it('are those of the contract, with its severities', () => {
    expect(Object.fromEntries(rules.map(({ meta }) => [meta.id, meta.severity]))).toEqual(CONTRACT);
  });

  it('have the default options of the contract', () => {
    const options = Object.fromEntries(
      rules.flatMap(({ meta }) =>
        Object.entries(meta.options).map(([name, spec]) => [`${meta.id}.${name}`, spec.default]),
      ),
    );
    expect(options).toEqual({
      'port-zero-scan.hosts': 10,
      'port-zero-scan.window': '60s',
      'port-zero-flood.rate': '100/s',
      'port-zero-flood.window': '1s',
      'invalid-reset.ports': 'zero',
      'conflicting-answers.ports': 'zero',
    });
  });

  it('and their files are the same', () => {
    const source = readdirSync(join(root, 'src/rules')).map((file) => file.replace('.ts', ''));
    for (const id of ids) expect(source).toContain(id);
    const strays = source.filter((file) => /port-zero|reset|answers/.test(file) && !ids.includes(file));
    expect(strays).toEqual([]);
  });
});

describe.each(rules.map((rule) => [rule.meta.id, rule] as const))('%s', (id, { meta }) => {
  it('says what it means and what to do, in words of some length', () => {
    expect(meta.summary).toMatch(/^[^\n.]{10,100}$/);
    expect(meta.meaning.length).toBeGreaterThan(200);
    expect(meta.action.length).toBeGreaterThan(100);
    expect(meta.action).toMatch(/False positives/);
    expect(meta.meaning + meta.action + meta.summary).toMatch(/^[ -~]*$/);
  });

  it('has a test', () => {
    expect(existsSync(join(root, 'test/rules', `${id}.test.ts`))).toBe(true);
  });

  it('has a fixture that fires it', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'fixtures/manifest.json'), 'utf8')) as {
      captures: { file: string; expect: { rules?: string[] } }[];
    };
    const firing = manifest.captures.filter(({ expect: { rules: fired } }) => fired?.includes(id));
    expect(firing.map(({ file }) => file)).not.toEqual([]);
  });

  it('stands in the table of docs/rules.md with its default severity', () => {
    const row = new RegExp(`^\\| \`${id}\` \\| ${meta.severity} \\|`, 'm');
    expect(readFileSync(join(root, 'docs/rules.md'), 'utf8')).toMatch(row);
  });
});

it('the fixtures name no rule that does not exist', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'fixtures/manifest.json'), 'utf8')) as {
    captures: { expect: { rules?: string[] } }[];
  };
  const named = new Set(manifest.captures.flatMap(({ expect: { rules: fired } }) => fired ?? []));
  expect([...named].filter((id) => !ids.includes(id))).toEqual([]);
});

it('expectation is explained like a rule, and is none', () => {
  expect(ids).not.toContain(expectationMeta.id);
  expect(expectationMeta).toMatchObject({ id: 'expectation', severity: 'error' });
  expect(expectationMeta.meaning.length).toBeGreaterThan(200);
});
