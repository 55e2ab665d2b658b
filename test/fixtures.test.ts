import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rules } from '../src/rules/index.ts';
import { VERDICTS } from '../src/track/exchange.ts';
import { FIXTURES, loadManifest } from './support/manifest.ts';

/** Files of fixtures/ that are no captures of the manifest: the scripts, what tells of them, and what atlas.json lists. */
const OTHERS = /^(lab\/.*|stacks\/.*|README\.md|manifest\.json)$/;

const manifest = loadManifest();

function captureFiles(): string[] {
  return readdirSync(FIXTURES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(FIXTURES, join(entry.parentPath, entry.name)))
    .filter((file) => !OTHERS.test(file))
    .sort();
}

describe('fixtures', () => {
  it('are all listed, sorted, and every listed one is there', () => {
    const listed = manifest.map((entry) => entry.file);
    expect(listed).toEqual([...listed].sort());
    expect(captureFiles()).toEqual(listed);
  });

  it('are what the manifest says, byte for byte', () => {
    for (const entry of manifest) {
      const bytes = readFileSync(join(FIXTURES, entry.file));
      expect(createHash('sha256').update(bytes).digest('hex'), entry.file).toBe(entry.sha256);
    }
  });

  it('are small', () => {
    for (const entry of manifest) expect(statSync(join(FIXTURES, entry.file)).size, entry.file).toBeLessThan(60_000);
  });

  it('have the format and compression that their first bytes tell', () => {
    for (const entry of manifest) {
      let bytes: Buffer = readFileSync(join(FIXTURES, entry.file));
      const start = bytes.toString('hex', 0, 4);
      expect(start.startsWith('1f8b') ? 'gzip' : start === '28b52ffd' ? 'zstd' : null, entry.file).toBe(
        entry.compression,
      );
      if (entry.compression === 'zstd') continue;
      if (entry.compression === 'gzip') bytes = gunzipSync(bytes);
      expect(bytes.toString('hex', 0, 4) === '0a0d0d0a' ? 'pcapng' : 'pcap', entry.file).toBe(entry.format);
    }
  });

  it('tell where they come from and what is in them', () => {
    for (const entry of manifest) {
      for (const key of ['shows', 'origin', 'made', 'licence'] as const) expect(entry[key], entry.file).toMatch(/\S/);
      expect(entry.linkTypes.length, entry.file).toBeGreaterThan(0);
    }
  });

  it('have expectations that add up', () => {
    for (const { file, frames, expect: expected } of manifest) {
      const counted: Record<string, number> = {};
      for (const each of expected.exchanges) {
        expect(VERDICTS, file).toContain(each.verdict);
        for (const frame of [each.probeFrame, each.answerFrame, ...(each.all ?? [])]) {
          if (typeof frame !== 'number') continue;
          expect(frame, file).toBeGreaterThan(0);
          expect(frame, file).toBeLessThanOrEqual(frames);
        }
        if (!/:0$/.test(each.client) && !/:0$/.test(each.server)) continue;
        counted[each.verdict] = (counted[each.verdict] ?? 0) + (each.count ?? 1);
      }
      if (expected.portZero !== undefined) expect(counted, file).toEqual(expected.portZero);
    }
  });

  it('agree with nmap where nmap looked', () => {
    const scanned = manifest.filter((entry) => entry.nmap !== undefined);
    expect(scanned.length).toBeGreaterThan(30);
    for (const { file, nmap, expect: expected } of scanned) {
      const words = expected.exchanges.map((each) => `${each.state} ${each.reason}`);
      expect(words, file).toContain(`${nmap?.state} ${nmap?.reason}`);
    }
  });

  it('cover every rule and every verdict', () => {
    const fired = new Set(manifest.flatMap((entry) => entry.expect.rules ?? []));
    // `expectation` needs a configuration and has no capture.
    expect([...fired].sort()).toEqual(rules.map(({ meta }) => meta.id).sort());
    const seen = new Set(manifest.flatMap((entry) => Object.keys(entry.expect.portZero ?? {})));
    expect([...seen].sort()).toEqual([...VERDICTS].sort());
  });
});

const capinfos = spawnSync('capinfos', ['--version']).status === 0;

describe.skipIf(!capinfos)('capinfos', () => {
  it('counts the frames that the manifest gives', () => {
    // zstd is an option of its build, and it knows no more link types than tshark.
    const files = manifest.filter(
      ({ compression, tshark }) => compression !== 'zstd' && tshark.portZeroFrames !== null,
    );
    const { stdout } = spawnSync('capinfos', ['-Tmrc', ...files.map((entry) => entry.file)], {
      cwd: FIXTURES,
      encoding: 'utf8',
    });
    const counted = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(','))
      .map((columns) => [columns[0], Number(columns.at(-1))]);
    expect(counted).toEqual(files.map((entry) => [entry.file, entry.frames]));
  });
});
