import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const fixtures = join(root, 'fixtures');
const captures = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(pcap|pcapng)(\.gz|\.zst)?$/.test(name))
  .sort();

const home = mkdtempSync(join(tmpdir(), 'portzero-two-threads-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Threads run compiled modules, so this asks those: the results of every capture, read by one thread and by two. */
const compiled = (name: string) => JSON.stringify(pathToFileURL(join(root, 'build', name)));
const SCRIPT = `
  import { analyzeInputs } from ${compiled('analysis/analyze-inputs.js')};
  import { settingsOf } from ${compiled('analysis/analyze-capture.js')};
  const settings = settingsOf({ exchanges: 'all', maxListed: 1000 }, false);
  const differing = [];
  for (const path of ${JSON.stringify(captures.map((name) => join(fixtures, name)))}) {
    const read = async (options) => {
      const [{ elapsedMs, ...result }] = await analyzeInputs([{ name: path, paths: [path], bytes: 1 }], { settings, ...options });
      return JSON.stringify(result);
    };
    const alone = await read({ jobs: 1 });
    const filtered = await read({ jobs: 2, worthThreads: 0 });
    if (alone !== filtered) differing.push(path);
  }
  console.log(JSON.stringify(differing));
`;

describe('a capture that another thread filters', () => {
  it('comes to the same report, for every fixture', () => {
    expect(captures.length).toBeGreaterThan(250);
    const script = join(home, 'compare.mjs');
    writeFileSync(script, SCRIPT);
    expect(JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' }))).toEqual([]);
  });
});
