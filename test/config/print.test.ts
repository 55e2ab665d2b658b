import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { defaultConfig } from '../../src/config/defaults.ts';
import { loadConfig } from '../../src/config/load.ts';
import { printConfig } from '../../src/config/print.ts';
import type { Config } from '../../src/config/types.ts';
import { rules } from '../../src/rules/index.ts';

const home = mkdtempSync(join(tmpdir(), 'portzero-print-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function reload(text: string): Promise<Config> {
  writeFileSync(join(home, 'again.yaml'), text);
  const config = await loadConfig({ cwd: home, path: 'again.yaml' });
  // What is printed stands on other lines.
  return { ...config, path: null, expect: config.expect.map(({ place: _, ...expectation }) => expectation) };
}

it('prints the defaults in full, and they are read back', async () => {
  const text = printConfig(defaultConfig());
  for (const { meta } of rules) expect(text).toContain(`  ${meta.id}:`);
  expect(text).toContain('answerTimeout: 5s\nfailOn: warning\n');
  expect(text).toContain('rate: 100/s');
  expect(await reload(text)).toEqual(defaultConfig());
});

it('prints everything that can be set, and it is read back', async () => {
  const config = await reload(`
answerTimeout: 250us
failOn: never
ignore: [{ from: "2001:db8::/32", reason: "off: # not a comment" }, { to: 192.0.2.1 }]
rules:
  udp-port-zero: off
  port-zero-flood: [info, { rate: 7/m, window: 90s }]
  conflicting-answers: [error, { ports: any }]
expect:
  - { name: "yes", to: "[2001:db8::/32]:443", from: "::ffff:192.0.2.0/120", verdict: [silent, refused], within: 1.5ms, atLeast: 0 }
  - { name: no, to: "203.0.113.0/24:80", verdict: [accepted] }
decoder: { tunnelPorts: { vxlan: [1], gre: [] }, mergeScopes: true, fragmentBytes: 1, fragmentTimeout: 1ms }
`);
  expect(config.ignore).toHaveLength(2);
  expect(await reload(printConfig(config))).toEqual(config);
});

it('prints texts that could steer whoever shows them spelled out, and they are read back', async () => {
  const config = await reload(String.raw`
ignore: [{ to: "::/0", reason: "a\e[2J\u202e\u2028\U000e0041 Größe" }]
expect: [{ name: "b\n::error::c ##[error]d", to: "::1", verdict: [refused] }]
`);
  expect(config.expect[0]!.name).toBe('b\n::error::c ##[error]d');
  const text = printConfig(config);
  expect(text).toMatch(/^[ -~\n]*$/);
  expect(text).not.toMatch(/^\s*::|##/m);
  expect(await reload(text)).toEqual(config);
});
