/** The job of examples/distil-job.yaml, as its pods run it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { VERB_NAMES } from '../../src/cli/options.ts';
import { fixture, runCommand } from '../support/command.ts';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-job-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const example = (name: string) => parse(readFileSync(join(root, 'examples', name), 'utf8'), { merge: true });

it('takes each capture once, damaged ones too, and ends well', async () => {
  const archive = join(scratch, 'archive');
  const shards = join(scratch, 'shards');
  const bin = join(scratch, 'bin');
  for (const folder of [archive, join(archive, 'b c'), shards, bin]) mkdirSync(folder);
  const captures = ['invalid-reset/then-refused.pcap', 'closed/connect-ipv4.pcap', 'closed/curl-ipv4.pcap'].flatMap(
    (name) => {
      try {
        return [readFileSync(fixture(name))];
      } catch {
        return [];
      }
    },
  );
  expect(captures.length).toBeGreaterThan(0);
  for (let i = 0; i < 7; i++)
    writeFileSync(join(archive, i < 4 ? '.' : 'b c', `ring ${i}.pcap`), captures[i % captures.length]!);
  const cut = captures[0]!;
  writeFileSync(join(archive, 'cut.pcap'), cut.subarray(0, cut.length - 3));
  writeFileSync(
    join(bin, 'portzero'),
    `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'bin/portzero.js')}' "$@"\n`,
  );
  chmodSync(join(bin, 'portzero'), 0o755);

  const { spec } = example('distil-job.yaml');
  const [container] = spec.template.spec.containers;
  expect(Number(container.env.find(({ name }: { name: string }) => name === 'PARTS').value)).toBe(spec.completions);
  const script = container.args[0].replaceAll('/archive', archive).replaceAll('/shards', shards);
  for (let part = 0; part < 3; part++) {
    const env = { PATH: `${bin}:${process.env.PATH}`, PARTS: '3', JOB_COMPLETION_INDEX: String(part) };
    const { status, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/internal error/)]);
  }
  expect(readdirSync(shards).length).toBe(8);
  const whole = join(scratch, 'whole');
  await runCommand(['distil', archive, '-o', whole]);
  expect(readdirSync(shards).sort()).toEqual(readdirSync(whole).sort());
});

it('has commands that there are, in the compose file too', async () => {
  const { services } = example('compose.yaml') as { services: Record<string, { command?: string[] }> };
  const ours = Object.entries(services).filter(([name]) => !['hub', 'store'].includes(name));
  expect(ours.length).toBe(4);
  for (const [name, { command }] of ours) {
    expect(VERB_NAMES, name).toContain(command![0]);
    // Servers of the compose file are not there: each gets as far as to say so.
    const { status, stderr } = await runCommand(
      command!.map((word) => word.replace(/(nats:\/\/|@)(hub|store)/, '$1127.0.0.1:1').replace(/^\/archive$/, '/usr')),
    );
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^portzero: (nats|postgres):\S+ cannot be reached/)]);
  }
});
