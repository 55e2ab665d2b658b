import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultConfig } from '../../src/config/defaults.ts';
import { printConfig } from '../../src/config/print.ts';
import { configJsonSchema } from '../../src/config/schema.ts';
import { rules } from '../../src/rules/index.ts';

const file = join(import.meta.dirname, '../../schema/portzero.config.schema.json');
const generated = JSON.parse(JSON.stringify(configJsonSchema(rules)));
// `npm run schema` sets this: the shipped file is written by the test that guards it.
if (process.env.UPDATE_SCHEMA !== undefined) writeFileSync(file, `${JSON.stringify(generated, null, 2)}\n`);
const shipped = JSON.parse(readFileSync(file, 'utf8'));
const validate = new Ajv({ allErrors: true, strictTuples: false }).compile(shipped);

describe('the JSON Schema of the configuration', () => {
  it('is the one that is shipped', () => {
    expect(shipped).toEqual(generated);
  });

  it.each([
    '{}',
    'answerTimeout: 5s',
    'rules: { udp-port-zero: off, port-zero-scan: [error, { hosts: 20, window: 60s }], invalid-reset: [info] }',
    'expect: [{ name: a, to: 203.0.113.0/24, verdict: [refused], within: 100ms, atLeast: 1 }]',
    'expect: [{ name: a, to: "203.0.113.5:80", verdict: silent }]',
    'ignore: [{ from: 192.0.2.0/24, reason: ours }]',
    'plugins: [./mine.mjs]\nrules: { my-rule: [warning, { any: 1 }] }',
    'decoder: { tunnelPorts: { vxlan: [4789] }, mergeScopes: true, fragmentBytes: 1, fragmentTimeout: 1s }',
    printConfig(defaultConfig()),
  ])('takes %j', (text) => {
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    'answerTimout: 5s',
    'answerTimeout: 5',
    'answerTimeout: 5 seconds',
    'failOn: warn',
    'rules: { sny-to-port-zero: off }',
    'rules: { udp-port-zero: on }',
    'rules: { udp-port-zero: [info, { hosts: 1 }] }',
    'rules: { port-zero-scan: [info, { hosts: 0 }] }',
    'rules: { port-zero-scan: [info, { hosts: 1 }, 2] }',
    'ignore: [{}]',
    'ignore: [{ reason: x }]',
    'expect: [{ name: a, to: 203.0.113.5, verdict: [] }]',
    'expect: [{ name: a, to: 203.0.113.5, verdict: refusd }]',
    'expect: [{ to: 203.0.113.5, verdict: refused }]',
    'plugins: x',
    'plugins: [./mine.mjs]\nrules: { my-rule: maybe }',
    'decoder: { tunnelPorts: { vxlan: [70000] } }',
  ])('refuses %j', (text) => {
    expect(validate(parse(text))).toBe(false);
  });

  it('describes every key, for editors', () => {
    const bare: string[] = [];
    const walk = (schema: { properties?: object; items?: object; description?: string }, path: string): void => {
      for (const [key, value] of Object.entries(schema.properties ?? {})) {
        if (value.description === undefined) bare.push(`${path}.${key}`);
        walk(value, `${path}.${key}`);
        if (value.items && !Array.isArray(value.items)) walk(value.items, `${path}.${key}[]`);
      }
    };
    walk({ properties: shipped.properties }, '');
    expect(bare).toEqual([]);
  });
});
