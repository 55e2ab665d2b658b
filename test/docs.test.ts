import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/cli/command-line.ts';
import { loadConfig } from '../src/config/load.ts';
import { fixture } from './support/command.ts';
import { fakeIo } from './support/io.ts';
import { pack } from './support/pack.ts';
import { type Block, blocksOf, PAGES } from './support/pages.ts';
import { describeWith } from './support/tools.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-docs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Where a user stands: what npm pack made, and nothing else; what they install goes to a folder of theirs. */
const here = join(scratch, 'here');
const prefix = join(scratch, 'prefix');
const env = {
  ...process.env,
  PATH: [join(prefix, 'bin'), process.env.PATH].join(delimiter),
  HOME: scratch,
  npm_config_prefix: prefix,
  npm_config_offline: 'true',
  npm_config_cache: join(scratch, 'npm-cache'),
};
/** As a shell does it, with what it prints on standard output. */
function shell(command: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('bash', ['-c', command], { cwd: here, env, encoding: 'utf8', timeout: 600_000 });
}

beforeAll(() => {
  mkdirSync(here);
  mkdirSync(prefix);
  const { path } = pack(scratch);
  copyFileSync(path, join(here, 'portzero-0.1.0.tgz'));
});

/** Of live runs, which tests of their own make (test/live), and of the clone, which test/readme.test.ts runs. */
const ELSEWHERE = /^(sudo |docker |bin\/test|npm ci)|sniff|probe/m;

describe('five minutes of use, from the package and the README alone', () => {
  const [, , ...blocks] = blocksOf('README.md').filter(({ language }) => language === 'sh');
  it.each(blocks.map((block) => [block.text.trim(), block] as const))('%s', (_, { text, output }) => {
    const { stdout, stderr } = shell(text);
    if (output !== null) expect(stdout).toBe(output);
    expect(stderr).not.toMatch(/not found|no such|internal error|npm ERR/i);
  });

  it('leaves what it speaks of', () => {
    const report = readFileSync(join(here, 'report.html'), 'utf8');
    expect(report).toMatch(/^<!doctype html>/i);
    expect(readFileSync(join(here, 'known.txt'), 'utf8')).toContain('port-zero-accepted 10.0.0.1 -> 10.0.0.2:0');
  });

  it('has the sample of two fixtures', () => {
    const [first, second] = ['rejected/host-down-behind-router-ipv4.pcap', 'accepted/redirect-ipv4.pcap'].map((name) =>
      readFileSync(fixture(name)),
    );
    expect(readFileSync(join(root, 'examples/port-zero.pcap'))).toEqual(Buffer.concat([first!, second!.subarray(24)]));
  });
});

const told = PAGES.filter((page) => page !== 'README.md').flatMap((page) =>
  blocksOf(page)
    .filter(({ language, output, text }) => language === 'sh' && output !== null && !ELSEWHERE.test(text))
    .map((block) => [`${page}: ${block.text.trim()}`, block] as const),
);
describeWith(['tshark', 'jq'], 'the other pages show', () => {
  it.each(told)('%s', (_, { text, output }: Block) => {
    copyFileSync(join(root, 'examples/port-zero.pcap'), join(here, 'port-zero.pcap'));
    expect(shell(text).stdout).toBe(output);
  });
});

describeWith(['nmap', 'root'], 'the comparison with nmap', () => {
  it('says what nmap says', () => {
    const page = readFileSync(join(root, 'docs/comparison.md'), 'utf8');
    const [, command] = /^(nmap .*)$/m.exec(page)!;
    const [, line] = /^says `(0\/tcp .*?)`/m.exec(page)!;
    expect(execFileSync('sh', ['-c', command!], { encoding: 'utf8' }).replace(/ +/g, ' ')).toContain(line);
  });
});

/** The words of each `portzero …` in a block, as a shell makes them; what is beyond this small shell is a failure. */
function commandsIn(text: string): string[][] {
  const found: string[][] = [];
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    for (const part of line.replace(/\s#.*$/, '').split(/\||&&|;/)) {
      const words = [...part.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!);
      const at = words.findIndex((word) => word === 'portzero' && !words.includes('build'));
      const end = words.findIndex((word) => /^[<>&]|^2>/.test(word));
      if (at >= 0) found.push(words.slice(at + 1, end < 0 ? undefined : end));
    }
  }
  return found;
}

describe.each(PAGES)('%s', (page) => {
  const commands = blocksOf(page)
    .filter(({ language }) => language === 'sh' || language === 'ini')
    .flatMap(({ text }) => commandsIn(text.replaceAll(/^(?!ExecStart)[A-Z]\w+=.*$/gm, '')));

  it.skipIf(commands.length === 0).each(commands.map((words) => [words.join(' '), words] as const))(
    'has commands that there are: portzero %s',
    async (_, words) => {
      expect(await parseCommandLine(words, fakeIo({ cwd: root }))).toHaveProperty('verb');
    },
  );

  it('names options that there are', async () => {
    const source = readFileSync(join(root, page), 'utf8');
    const known = new Set<string>();
    const { declaredOptions } = await import('./support/declared.ts');
    const { VERBS } = await import('../src/cli/verbs.ts');
    for (const verb of Object.keys(VERBS)) for (const option of await declaredOptions(verb)) known.add(option);
    // Those of a row of a table of options, and those that a page says of `portzero`'s own.
    for (const [, option] of source.matchAll(/^\| `(?:-\w, )?(--[\w-]+)/gm)) expect(known).toContain(option);
  });
});

it('the configuration of docs/ci.md is one', async () => {
  const [{ text }] = blocksOf('docs/ci.md').filter(({ language }) => language === 'yaml') as [Block];
  const path = join(scratch, 'policy.yaml');
  writeFileSync(path, text);
  expect(await loadConfig({ path, cwd: scratch })).toMatchObject({
    failOn: 'warning',
    ignore: [{ reason: 'our own scanner' }],
  });
});

it('the example of docs/library.md is the one that the tests compile and run', () => {
  const texts = blocksOf('docs/library.md').map(({ text }) => text);
  expect(texts).toContain(readFileSync(join(root, 'examples/library.ts'), 'utf8'));
});
