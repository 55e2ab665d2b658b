import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../support/command.ts';

const COMMAND = join(import.meta.dirname, '../../bin/portzero.js');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-same-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let home: string;
const CAPTURE = readFileSync(fixture('closed/connect-ipv4.pcap'));
beforeEach(() => {
  home = mkdtempSync(join(scratch, 'x'));
  writeFileSync(join(home, 'a.pcap'), CAPTURE);
});

/** Runs it as a shell would with `< stdin` and `>> stdout`. */
function run(args: readonly string[], { stdin, stdout }: { stdin?: string; stdout?: string } = {}) {
  const input = stdin === undefined ? 'ignore' : openSync(join(home, stdin), 'r');
  const output = stdout === undefined ? 'pipe' : openSync(join(home, stdout), 'a');
  const result = spawnSync(process.execPath, [COMMAND, ...args], {
    stdio: [input, output, 'pipe'],
    encoding: 'utf8',
    cwd: home,
    env: { PATH: process.env.PATH },
  });
  for (const descriptor of [input, output]) if (typeof descriptor === 'number') closeSync(descriptor);
  return { status: result.status, stderr: result.stderr };
}

const isWhole = () => readFileSync(join(home, 'a.pcap')).equals(CAPTURE);

describe('what is read is not written over', () => {
  it('the capture on standard input', () => {
    copyFileSync(join(home, 'a.pcap'), join(home, 'a.json'));
    expect(run(['-', '-r', 'a.json'], { stdin: 'a.json' })).toEqual({
      status: 2,
      stderr: 'portzero: --report a.json would overwrite the capture on standard input\n',
    });
    expect(readFileSync(join(home, 'a.json')).equals(CAPTURE)).toBe(true);
    linkSync(join(home, 'a.pcap'), join(home, 'b.pcapng'));
    for (const name of ['-', '/dev/stdin']) expect(run([name, '-r', 'b.pcapng'], { stdin: 'a.pcap' }).status).toBe(2);
    expect(isWhole()).toBe(true);
    // Another file is nobody's.
    expect(run(['-', '-r', 'c.json', '-q'], { stdin: 'a.pcap' })).toEqual({ status: 1, stderr: '' });
  });

  it('the capture that standard output is appended to', () => {
    expect(run(['a.pcap'], { stdout: 'a.pcap' })).toEqual({
      status: 2,
      stderr: 'portzero: standard output, which is redirected there, would overwrite the capture that it is about\n',
    });
    expect(run(['-'], { stdin: 'a.pcap', stdout: 'a.pcap' }).status).toBe(2);
    expect(isWhole()).toBe(true);
  });

  it.each(['named', 'found'])('the configuration in use, %s', (how) => {
    const config = '{ "failOn": "never" }';
    writeFileSync(join(home, 'portzero.config.json'), config);
    symlinkSync('portzero.config.json', join(home, 'link.json'));
    const args = how === 'named' ? ['-c', 'portzero.config.json'] : [];
    for (const report of ['portzero.config.json', 'link.json']) {
      const { status, stderr } = run(['a.pcap', ...args, '-r', report]);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^portzero: --report \S+ would overwrite the configuration in use, \S+config\.json\n$/);
    }
    expect(readFileSync(join(home, 'portzero.config.json'), 'utf8')).toBe(config);
  });
});

/** Links to be made, each as what it leads to and its name. */
type Links = readonly (readonly [kind: 'hard' | 'symbolic', to: string, name: string])[];

describe('evidence of a folder that is followed', () => {
  it('is not written into it', () => {
    const { status, stderr } = run(['.', '--follow', '-r', 'e.pcapng']);
    expect([status, stderr]).toEqual([
      2,
      `portzero: --report ${join(home, 'e.pcapng')} lies in the folder that is followed, and would be read as its next capture\n`,
    ]);
  });
});

describe('two reports are two files', () => {
  it.each<[string, Links, string, string]>([
    ['one name twice', [], 'new.json', './new.json'],
    ['a symbolic link', [['symbolic', 'old.json', 'c.html']], 'old.json', 'c.html'],
    ['a hard link', [['hard', 'old.json', 'c.html']], 'old.json', 'c.html'],
    ['a link to what is not there yet', [['symbolic', 'new.json', 'c.html']], 'new.json', 'c.html'],
    [
      'two such links',
      [
        ['symbolic', 'nothing', 'b.json'],
        ['symbolic', 'b.json', 'c.pcapng'],
      ],
      'b.json',
      'c.pcapng',
    ],
    ['a link to the folder', [['symbolic', '.', 'here']], 'new.json', 'here/new.json'],
  ])('%s', (_, links, one, other) => {
    writeFileSync(join(home, 'old.json'), 'old');
    for (const [kind, to, name] of links) {
      if (kind === 'hard') linkSync(join(home, to), join(home, name));
      else symlinkSync(to, join(home, name));
    }
    const expected = `portzero: --report ${other} and --report ${one} are the same file\n`;
    expect(run(['a.pcap', '-r', one, '-r', other])).toEqual({ status: 2, stderr: expected });
    expect(readFileSync(join(home, 'old.json'), 'utf8')).toBe('old');
  });

  it('and neither is where standard output goes', () => {
    expect(run(['a.pcap', '-r', 'out.txt'], { stdout: 'out.txt' })).toEqual({
      status: 2,
      stderr: 'portzero: --report out.txt is the file that standard output goes to\n',
    });
    expect(readFileSync(join(home, 'out.txt'), 'utf8')).toBe('');
  });

  it('nor what --write of sniff makes', () => {
    symlinkSync('e.pcapng', join(home, 'f.pcapng'));
    expect(run(['sniff', 'lo', '--duration', '1ms', '-w', 'e.pcapng', '-r', 'f.pcapng'])).toEqual({
      status: 2,
      stderr: 'portzero: --report f.pcapng and --write e.pcapng are the same file\n',
    });
    expect(run(['sniff', 'lo', '--duration', '1ms', '-w', 'out'], { stdout: 'out' })).toEqual({
      status: 2,
      stderr: 'portzero: --write out is the file that standard output goes to\n',
    });
  });

  it('but may share what is no file', () => {
    symlinkSync('/dev/null', join(home, 'b.json'));
    symlinkSync('/dev/null', join(home, 'c.html'));
    expect(run(['a.pcap', '-q', '-r', 'b.json', '-r', 'c.html'])).toEqual({ status: 1, stderr: '' });
  });
});
