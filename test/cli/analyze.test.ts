import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import { fixture, runCommand, startCommand } from '../support/command.ts';
import { describeWith } from '../support/tools.ts';

const REFUSED = fixture('closed/connect-ipv4.pcap');
const ACCEPTED = fixture('accepted/redirect-ipv4.pcap');
const QUIET = fixture('ordinary/closed-port.pcap');

const scratch = mkdtempSync(join(tmpdir(), 'portzero-cli-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let home: string;
let counter = 0;
beforeEach(() => {
  home = join(scratch, String(counter++));
  mkdirSync(home);
});

/** The capture without its last bytes. */
function cut(path: string, bytes: number): string {
  const whole = readFileSync(path);
  const target = join(home, 'cut.pcap');
  writeFileSync(target, whole.subarray(0, whole.length - bytes));
  return target;
}

async function analyzeToJson(args: readonly string[]): Promise<{ status: number | null; report: AnalysisReport }> {
  const { status, stdout } = await runCommand(['-q', '-f', 'json', ...args], { cwd: home });
  return { status, report: JSON.parse(stdout) };
}

describe('exit status', () => {
  it.each([
    ['0 without findings', [QUIET], 0],
    ['1 with findings', [REFUSED], 1],
    ['0 below --fail-on', [REFUSED, '--fail-on', 'error'], 0],
    ['1 at --fail-on', [ACCEPTED, '--fail-on', 'error'], 1],
    ['0 with --fail-on never', [ACCEPTED, '--fail-on', 'never'], 0],
    ['2 for a missing file', ['no-such.pcap'], 2],
    ['2 for a missing file among good ones', [QUIET, 'no-such.pcap'], 2],
    ['2 without files', [], 2],
    ['2 for an unknown option', [REFUSED, '--formt', 'json'], 2],
    ['2 for an unknown format', [REFUSED, '-f', 'jsn'], 2],
    ['2 for a bad duration', [REFUSED, '--answer-timeout', 'soon'], 2],
    ['2 for a bad number', [REFUSED, '--jobs', '0'], 2],
    ['2 for an option negated that has a value', [REFUSED, '--no-config'], 2],
    ['2 for a missing configuration', [REFUSED, '-c', 'no-such.yaml'], 2],
    ['2 for a report that cannot be written', [REFUSED, '-r', 'no-such-folder/x.json'], 2],
    ['2 for a report of an unknown kind', [REFUSED, '-r', 'x.doc'], 2],
  ])('%s', async (_name, args, expected) => {
    const { status, stderr } = await runCommand(args, { cwd: home });
    expect(status).toBe(expected);
    expect(stderr).not.toContain('internal error');
    if (expected === 2) expect(stderr).toMatch(/^portzero: [^\n]+\n$/);
  });

  it('is 2 for a damaged file, which is reported as far as it goes, and the others as well', async () => {
    const damaged = cut(ACCEPTED, 10);
    const { status, report } = await analyzeToJson([damaged, REFUSED]);
    expect(status).toBe(2);
    expect(report.inputs.map((input) => input.complete)).toEqual([false, true]);
    expect(report.inputs[0]!.problems).toMatchObject([{ code: 'truncated-record', frame: 10 }]);
    expect(report.summary.portZero).toMatchObject({ total: 2, accepted: 1, refused: 1 });
    expect((await analyzeToJson([damaged, '--fail-on', 'never'])).status).toBe(2);
  });
});

describe('inputs', () => {
  it('reads standard input, as a pipe and as a file', async () => {
    const piped = await runCommand(['-', '-q', '-f', 'json'], { input: readFileSync(REFUSED) });
    expect(piped.status).toBe(1);
    const bin = fixture('../bin/portzero.js');
    const fromFile = execFileSync('sh', ['-c', `node ${bin} -q -f json --fail-on never - <${REFUSED}`]);
    for (const text of [piped.stdout, fromFile.toString()]) {
      const { inputs, summary } = JSON.parse(text) as AnalysisReport;
      expect(inputs).toMatchObject([{ name: '-', frames: 2, complete: true }]);
      expect(summary.portZero.refused).toBe(1);
    }
    expect((await runCommand(['-', '-'])).stderr).toBe('portzero: standard input (-) can be read only once\n');
  });

  it('takes the captures below a folder by content, in order, and complains of a folder without', async () => {
    mkdirSync(join(home, 'deep'));
    copyFileSync(REFUSED, join(home, 'deep/b.txt'));
    copyFileSync(ACCEPTED, join(home, 'a.log'));
    writeFileSync(join(home, 'c.pcap'), 'this is no capture\n');
    const { status, report } = await analyzeToJson(['.']);
    expect(status).toBe(1);
    expect(report.inputs.map(({ name }) => name)).toEqual(['a.log', 'deep/b.txt']);
    mkdirSync(join(home, 'empty'));
    const empty = await analyzeToJson(['empty', REFUSED]);
    expect(empty.status).toBe(2);
    expect(empty.report.inputs).toMatchObject([
      { name: 'empty', format: null, problems: [{ code: 'no-captures' }] },
      {},
    ]);
  });

  it('reads a name that begins with a dash after --', async () => {
    copyFileSync(REFUSED, join(home, '-f'));
    expect((await analyzeToJson(['--', '-f'])).report.inputs[0]!.name).toBe('-f');
  });

  it('joins files into one capture: exchanges cross the boundary', async () => {
    // Two files: the question in one, the answer in the other.
    const whole = readFileSync(REFUSED);
    const second = 24 + 16 + whole.readUInt32LE(24 + 8);
    writeFileSync(join(home, '1.pcap'), whole.subarray(0, second));
    writeFileSync(join(home, '2.pcap'), Buffer.concat([whole.subarray(0, 24), whole.subarray(second)]));
    const apart = await analyzeToJson(['1.pcap', '2.pcap']);
    expect(apart.report.summary.portZero).toMatchObject({ refused: 0, undecided: 1, unsolicited: 1 });
    const joined = await analyzeToJson(['--join', '2.pcap', '1.pcap']);
    expect(joined.report.summary.portZero).toMatchObject({ total: 1, refused: 1 });
    expect(joined.report.inputs).toHaveLength(1);
    expect(joined.report.exchanges[0]!.frames.all).toEqual([1, 2]);
  });

  it('gives the same reports with one job and with several, in the order of the inputs', async () => {
    const folder = fixture('accepted');
    for (const format of ['json', 'ndjson', 'text']) {
      const [one, several] = await Promise.all(
        ['1', '3'].map((jobs) =>
          runCommand(['-q', '--no-color', '-f', format, '--jobs', jobs, folder, 'no-such', REFUSED]),
        ),
      );
      expect(several!.status).toBe(2);
      expect(several!.stdout).toBe(one!.stdout);
      expect(several!.stderr).toBe(one!.stderr);
    }
  });
});

describe('standard output and standard error', () => {
  it('puts data on the one and its summary on the other', async () => {
    const json = await runCommand(['-f', 'json', REFUSED]);
    expect(() => JSON.parse(json.stdout)).not.toThrow();
    expect(json.stderr).toMatch(/^portzero: 2 frames\. .*refused.* 1 warning\.\n$/);
    const text = await runCommand([REFUSED]);
    expect(text.stdout).toContain('refused');
    expect(text.stderr).toBe('');
    expect((await runCommand(['-q', '-f', 'json', REFUSED])).stderr).toBe('');
  });

  it('colours by --color, NO_COLOR, FORCE_COLOR, and whether it is a terminal, in this order', async () => {
    const isColored = async (args: string[], env: Record<string, string>) =>
      (await runCommand([REFUSED, ...args], { env })).stdout.includes('\u001b[');
    expect(await isColored([], {})).toBe(false);
    expect(await isColored(['--color'], {})).toBe(true);
    expect(await isColored([], { FORCE_COLOR: '1' })).toBe(true);
    expect(await isColored([], { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(await isColored(['--color'], { NO_COLOR: '1' })).toBe(true);
    expect(await isColored(['--no-color'], { FORCE_COLOR: '1' })).toBe(false);
    expect(await isColored([], { FORCE_COLOR: '0' })).toBe(false);
  });

  it('escapes what a file name holds', async () => {
    const { stderr, stdout } = await runCommand(['evil\u001b[31m\nportzero: all is well.pcap'], { cwd: home });
    for (const text of [stdout, stderr]) {
      expect(text).not.toContain('\u001b');
      expect(text).not.toMatch(/^portzero: all is well/m);
    }
  });

  it('ends quietly when its reader has gone', async () => {
    const folder = fixture('.');
    const { child, finished } = startCommand(['-f', 'ndjson', '--exchanges', 'all', folder]);
    child.stdout!.destroy();
    const { status, signal, stderr } = await finished;
    expect(signal).toBeNull();
    expect([0, 1]).toContain(status);
    expect(stderr).toBe('');
  });

  it('still writes the files it was asked for when its reader has gone', async () => {
    const path = join(home, 'all.json');
    const { child, finished } = startCommand(['-f', 'ndjson', '-r', path, REFUSED]);
    child.stdout!.destroy();
    expect((await finished).status).toBe(1);
    expect(JSON.parse(readFileSync(path, 'utf8')).summary.frames).toBe(2);
  });

  it('streams: a line comes while the capture is still being written', async () => {
    const { child, finished } = startCommand(['-', '-f', 'ndjson', '--answer-timeout', '1s']);
    const whole = readFileSync(fixture('rejected/rate-limited.pcap'));
    child.stdin!.write(whole);
    const first = await new Promise<string>((resolve) => child.stdout!.once('data', (data) => resolve(String(data))));
    expect(['exchange', 'finding']).toContain(JSON.parse(first.split('\n')[0]!).type);
    child.stdin!.end();
    const { stdout } = await finished;
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!).type).toBe('summary');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('on %s tells what it has, and ends by the table', async (name) => {
    const { child, finished } = startCommand(['-', '-f', 'ndjson', '--answer-timeout', '1s']);
    child.stdin!.write(readFileSync(fixture('rejected/rate-limited.pcap')));
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    child.kill(name);
    const { status, stdout } = await finished;
    expect(status).toBe(1);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const told = lines.filter(({ type }) => type === 'exchange').length;
    expect(told).toBeGreaterThan(0);
    expect(lines.at(-1)).toMatchObject({ type: 'summary', summary: { portZero: { total: told } } });
  });
});

describe('--follow', () => {
  /** Waits for standard output to hold `text`. */
  const waitFor = (stream: NodeJS.ReadableStream, text: string) =>
    new Promise<void>((resolve) => {
      let seen = '';
      stream.on('data', (chunk) => {
        seen += chunk;
        if (seen.includes(text)) resolve();
      });
    });

  it.each(['text', 'ndjson'])('tells findings as %s while the capture grows, until Ctrl-C', async (format) => {
    const whole = readFileSync(REFUSED);
    const growing = join(home, 'growing.pcap');
    writeFileSync(growing, whole.subarray(0, 50));
    const { child, finished } = startCommand(['--follow', '-f', format, growing]);
    setTimeout(() => appendFileSync(growing, whole.subarray(50)), 300);
    await waitFor(child.stdout!, 'syn-to-port-zero');
    child.kill('SIGINT');
    const { status, stdout, stderr } = await finished;
    expect(status).toBe(1);
    expect(stdout).toContain('refused');
    expect(stderr).not.toContain('interrupted');
  });

  it('reads a directory that a ring of captures rotates into', async () => {
    copyFileSync(REFUSED, join(home, '1.pcap'));
    const { child, finished } = startCommand(['--follow', '-f', 'ndjson', home]);
    await waitFor(child.stdout!, '"ruleId":"syn-to-port-zero"');
    copyFileSync(ACCEPTED, join(home, '2.pcap'));
    await waitFor(child.stdout!, '"ruleId":"port-zero-accepted"');
    child.kill('SIGINT');
    const { status, stdout } = await finished;
    expect(status).toBe(1);
    const summary = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(summary).toMatchObject({ type: 'summary', summary: { portZero: { accepted: 1, refused: 1 } } });
  });

  it('tells findings of a pipe as they come, and what time alone decides', async () => {
    const syn = readFileSync(REFUSED).subarray(0, 24 + 16 + 74);
    const { child, finished } = startCommand(['-', '--follow', '-f', 'ndjson', '--answer-timeout', '200ms']);
    child.stdin!.write(syn);
    await waitFor(child.stdout!, '"ruleId":"syn-to-port-zero"');
    await waitFor(child.stdout!, '"verdict":"silent"');
    child.stdin!.end();
    expect((await finished).status).toBe(1);
  });

  it.each(['closed/connect-ipv4.pcap', 'scan/nmap-16-hosts.pcap', 'dropped/still-waiting.pcap'])(
    'reads an old capture in a pipe (%s) as it does the file',
    async (name) => {
      const whole = readFileSync(fixture(name));
      const args = ['-f', 'ndjson', '-q'];
      const exchangesOf = (text: string) =>
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
          .filter(({ type }) => type === 'exchange')
          .map(({ id: _, ...exchange }) => exchange)
          .sort((a, b) => a.frames.all[0] - b.frames.all[0]);
      const [file, piped] = await Promise.all([
        runCommand([...args, fixture(name)]),
        runCommand([...args, '--follow', '-'], { input: whole }),
      ]);
      expect(exchangesOf(piped.stdout)).toEqual(exchangesOf(file.stdout));
      expect(piped.status).toBe(file.status);
    },
  );

  it('takes one capture or directory', async () => {
    const { status, stderr } = await runCommand(['--follow', REFUSED, ACCEPTED]);
    expect(status).toBe(2);
    expect(stderr).toContain('--follow reads one capture');
  });
});

describe('--report', () => {
  it('writes each kind by its ending, beside standard output', async () => {
    const names = ['a.json', 'a.ndjson', 'a.sarif', 'a.xml', 'a.html', 'a.csv', 'a.txt'];
    const { status, stdout } = await runCommand([REFUSED, ...names.flatMap((name) => ['-r', name])], { cwd: home });
    expect(status).toBe(1);
    const read = (name: string) => readFileSync(join(home, name), 'utf8');
    expect(JSON.parse(read('a.json')).schemaVersion).toBe(1);
    expect(
      read('a.ndjson')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type),
    ).toEqual(['finding', 'exchange', 'summary']);
    expect(JSON.parse(read('a.sarif')).version).toBe('2.1.0');
    expect(read('a.xml')).toMatch(/^<\?xml/);
    expect(read('a.html')).toMatch(/^<!doctype html>/i);
    expect(read('a.csv').split('\n').length).toBeGreaterThan(1);
    expect(read('a.txt')).toContain('refused');
    expect(stdout).toContain('refused');
  });

  it('names the capture of each row of a CSV as the report does, joined files too', async () => {
    for (const args of [
      [REFUSED, ACCEPTED],
      [REFUSED, ACCEPTED, '--jobs', '2'],
      ['--join', ACCEPTED, REFUSED],
    ]) {
      const { stdout } = await runCommand(['-q', '-f', 'csv', '-r', 'a.json', ...args], { cwd: home });
      const { inputs } = JSON.parse(readFileSync(join(home, 'a.json'), 'utf8')) as AnalysisReport;
      const [header, ...rows] = stdout.trim().split('\r\n');
      expect(header).toMatch(/^input,input_name,id,/);
      expect(rows).toHaveLength(2);
      for (const row of rows) expect(row.split(',')[1]).toBe(inputs[Number(row.split(',')[0])]?.name);
    }
  });

  it('never takes the place of a capture that is being read', async () => {
    const capture = join(home, 'a.json');
    copyFileSync(REFUSED, capture);
    const before = readFileSync(capture);
    const { status, stderr } = await runCommand(['a.json', '-r', './a.json'], { cwd: home });
    expect(status).toBe(2);
    expect(stderr).toContain('would overwrite the capture');
    expect(readFileSync(capture)).toEqual(before);
  });
});

describeWith(['tshark'], '--report x.pcapng', () => {
  /** Frame number in the evidence file, comment and TCP ports, as tshark tells them. */
  const read = (path: string) =>
    execFileSync(
      'tshark',
      ['-r', path, '-T', 'fields', '-e', 'frame.comment', '-e', 'tcp.srcport', '-e', 'tcp.dstport'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
      .trim()
      .split('\n');

  it('keeps the frames of flagged exchanges, each with a comment, of every input', async () => {
    const web = fixture('ordinary/web.pcap');
    const { status, stderr } = await runCommand([REFUSED, web, ACCEPTED, '-r', 'e.pcapng'], { cwd: home });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^portzero: 12 frames kept in .*e\.pcapng\n$/);
    const lines = read(join(home, 'e.pcapng'));
    expect(lines).toHaveLength(12);
    expect(lines[0]).toMatch(
      /^portzero: frame 1, the opening segment: refused by 10\.0\.0\.2 .*syn-to-port-zero\t\d+\t0$/,
    );
    expect(lines[3]).toMatch(/^portzero: frame 2, the answer: accepted .*port-zero-accepted.*\t0\t\d+$/);
  });

  it('does so for what goes by only once, and for joined files', async () => {
    const piped = await runCommand(['-', '-r', 'piped.pcapng'], { cwd: home, input: readFileSync(ACCEPTED) });
    expect(piped.status).toBe(1);
    const joined = await runCommand(['--join', REFUSED, ACCEPTED, '-r', 'joined.pcapng'], { cwd: home });
    expect(joined.status).toBe(1);
    expect(read(join(home, 'piped.pcapng'))).toHaveLength(10);
    expect(read(join(home, 'joined.pcapng'))).toHaveLength(12);
  });
});

describe('configuration', () => {
  it('is found upward, and the command line goes before it', async () => {
    mkdirSync(join(home, 'a/b'), { recursive: true });
    writeFileSync(join(home, 'portzero.config.yaml'), 'failOn: error\n');
    const cwd = join(home, 'a/b');
    expect((await runCommand([REFUSED], { cwd })).status).toBe(0);
    expect((await runCommand([REFUSED, '--fail-on', 'warning'], { cwd })).status).toBe(1);
  });

  it('is printed in full by --print-config, command line included, and reads back the same', async () => {
    const args = ['--print-config', '--fail-on', 'info', '--answer-timeout', '250ms'];
    const { status, stdout } = await runCommand(args, { cwd: home });
    expect(status).toBe(0);
    const printed = parse(stdout);
    expect(printed).toMatchObject({ failOn: 'info', answerTimeout: '250ms' });
    expect(Object.keys(printed.rules)).toContain('port-zero-flood');
    writeFileSync(join(home, 'portzero.config.yaml'), stdout);
    expect((await runCommand(['--print-config'], { cwd: home })).stdout).toBe(stdout);
  });

  it('tells the key, the line and the nearest word of a mistake', async () => {
    writeFileSync(join(home, 'portzero.config.yaml'), 'failOn: warning\nrules:\n  udp-port-zro: off\n');
    const { status, stderr } = await runCommand([REFUSED], { cwd: home });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^portzero: .*portzero\.config\.yaml:3:.*udp-port-zro.*udp-port-zero/);
  });

  it('makes a job red by a broken expectation, in streams too', async () => {
    writeFileSync(
      join(home, 'portzero.config.yaml'),
      'failOn: error\nexpect:\n  - { name: open, to: 10.0.0.2, verdict: [accepted] }\n',
    );
    expect(
      (await runCommand([ACCEPTED, '-c', 'portzero.config.yaml', '--fail-on', 'never'], { cwd: home })).status,
    ).toBe(0);
    const { status, stdout } = await runCommand([REFUSED, '-f', 'ndjson'], { cwd: home });
    expect(status).toBe(1);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter((line) => line.ruleId === 'expectation')).toMatchObject([{ severity: 'error' }]);
  });

  it('brings rules and reporters of the user', async () => {
    writeFileSync(
      join(home, 'own.mjs'),
      `export const rules = [{ kind: 'exchange', meta: { id: 'mine', severity: 'error', summary: 's', meaning: 'm', action: 'a',
         options: {}, messages: { seen: 'seen {client}' } }, match: () => ({ messageId: 'seen' }) }];
       export const reporters = [{ name: 'count', ending: '.count',
         document: (result) => [String(result.report.findings.length)] }];`,
    );
    writeFileSync(join(home, 'portzero.config.yaml'), 'plugins: [./own.mjs]\n');
    const { status, stdout } = await runCommand([REFUSED, '--allow-plugins', '-f', 'count', '-r', 'x.count'], {
      cwd: home,
    });
    expect([status, stdout]).toEqual([1, '2']);
    expect(readFileSync(join(home, 'x.count'), 'utf8')).toBe('2');
    const parallel = await runCommand([REFUSED, ACCEPTED, '--allow-plugins', '-q', '-f', 'json', '--jobs', '2'], {
      cwd: home,
    });
    const { findings } = JSON.parse(parallel.stdout) as AnalysisReport;
    expect(findings.filter(({ ruleId }) => ruleId === 'mine')).toHaveLength(2);
  });
});

describe('what is ignored', () => {
  it('is counted, not flagged, and said, by one job and by several', async () => {
    const config = 'ignore:\n  - { to: 10.0.0.2, reason: our own }\n';
    writeFileSync(join(home, 'portzero.config.yaml'), config);
    for (const jobs of ['1', '2']) {
      const args = [REFUSED, ACCEPTED, QUIET, '--jobs', jobs, '-r', 'a.json'];
      const { status, stdout } = await runCommand(args, { cwd: home, env: { COLUMNS: '200' } });
      expect(status).toBe(0);
      expect(stdout).toContain(
        '=> 2 exchanges with port 0 were ignored, as the configuration says: counted, not flagged.',
      );
      const { summary } = JSON.parse(readFileSync(join(home, 'a.json'), 'utf8')) as AnalysisReport;
      expect(summary.portZero).toMatchObject({ total: 2, accepted: 1, refused: 1 });
      expect(summary.findings).toEqual({ error: 0, warning: 0, info: 0 });
    }
  });
});

describe('a report that fails', () => {
  const lineOf = (name: string) => new RegExp(`^portzero: [^\\n]*own\\.mjs: reporter ${name} failed: so it is\\n$`);

  it.each([
    ['document', 'document() { throw new Error("so it is"); }'],
    ['document-late', '*document() { yield "begun"; throw new Error("so it is"); }'],
    ['stream', 'stream: () => ({ exchange() { throw new Error("so it is"); }, finding() {}, end() {} })'],
    ['stream-late', 'stream: () => ({ exchange() {}, finding() {}, end() { throw new Error("so it is"); } })'],
    ['stream-never', 'stream() { throw new Error("so it is"); }'],
  ])('names the plugin (%s) and keeps no other from being written', async (name, member) => {
    writeFileSync(join(home, 'own.mjs'), `export const reporters = [{ name: '${name}', ending: '.own', ${member} }];`);
    writeFileSync(join(home, 'portzero.config.yaml'), 'plugins: [./own.mjs]\n');
    const others = ['-r', 'x.ndjson', '-r', 'x.pcapng', '-r', 'x.json'];
    for (const args of [
      ['-f', name, ...others],
      ['-r', 'x.own', '-f', 'csv', ...others],
    ]) {
      const { status, stderr } = await runCommand(
        ['-q', '--allow-plugins', REFUSED, ACCEPTED, '--jobs', '2', ...args],
        { cwd: home },
      );
      expect(stderr).toMatch(lineOf(name));
      expect(status).toBe(2);
      const report = JSON.parse(readFileSync(join(home, 'x.json'), 'utf8')) as AnalysisReport;
      expect(report.summary.portZero.total).toBe(2);
      const lines = readFileSync(join(home, 'x.ndjson'), 'utf8').trim().split('\n');
      expect(lines.map((line) => JSON.parse(line).type).filter((type) => type !== 'finding')).toEqual([
        'exchange',
        'exchange',
        'summary',
      ]);
      expect(readFileSync(join(home, 'x.pcapng')).length).toBeGreaterThan(1000);
    }
  });

  it.skipIf(!existsSync('/dev/full'))('for want of room is told once, with the others written', async () => {
    symlinkSync('/dev/full', join(home, 'full.ndjson'));
    const { status, stderr, stdout } = await runCommand(
      ['-q', REFUSED, '-f', 'json', '-r', 'full.ndjson', '-r', 'x.csv'],
      { cwd: home },
    );
    expect(stderr).toMatch(/^portzero: cannot write [^\n]*full\.ndjson: ENOSPC[^\n]*\n$/);
    expect(status).toBe(2);
    expect(JSON.parse(stdout).summary.frames).toBe(2);
    expect(readFileSync(join(home, 'x.csv'), 'utf8')).toContain('refused');
  });
});

describe('--verify', () => {
  it('says what pcap-parser confirms, and what it cannot judge', async () => {
    const ng = fixture('formats/pcapng.pcapng');
    const { status, stderr } = await runCommand(['--verify', REFUSED, ng]);
    expect(status).toBe(1);
    expect(stderr).toContain(`${REFUSED}: verified: pcap-parser reads the same 2 records\n`);
    expect(stderr).toMatch(/pcapng: not verified: pcap-parser reads classic pcap only\n/);
  });
});

describe('-f github', () => {
  it('annotates, and appends to the job summary', async () => {
    const summary = join(home, 'summary.md');
    writeFileSync(summary, 'before\n');
    const { stdout } = await runCommand(['-f', 'github', REFUSED], { env: { GITHUB_STEP_SUMMARY: summary } });
    expect(stdout).toMatch(/^::warning file=/m);
    expect(readFileSync(summary, 'utf8')).toMatch(/^before\n## portzero\n/);
  });

  it.each([1_000_000, 1_048_000, 1_048_576])('keeps a job summary of %i bytes within 1 MiB', async (bytes) => {
    const summary = join(home, 'summary.md');
    writeFileSync(summary, `${'x'.repeat(bytes - 1)}\n`);
    for (const name of Array.from({ length: 30 }, (_, i) => `${i}.pcap`)) copyFileSync(REFUSED, join(home, name));
    const { status, stderr } = await runCommand(['-f', 'github', '.'], {
      cwd: home,
      env: { GITHUB_STEP_SUMMARY: summary },
    });
    expect(status).toBe(1);
    const text = readFileSync(summary, 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_048_576);
    const hasRoom = bytes < 1_048_576;
    expect(text.includes('put port 0 on the wire in 30 exchanges')).toBe(hasRoom);
    expect(stderr).toBe(hasRoom ? '' : 'portzero: there is no room left in the job summary of this step\n');
  });
});

describe('diff', () => {
  it('is 0 for the same answers, 1 for others, 2 for what is no report', async () => {
    for (const [name, capture] of [
      ['old.json', fixture('closed/ncat-ipv4.pcap')],
      ['same.json', fixture('closed/connect-ipv4.pcap')],
      ['new.json', fixture('accepted/nmap-ipv4.pcap')],
    ] as const) {
      await runCommand([capture, '--exchanges', 'all', '-r', name], { cwd: home });
    }
    expect((await runCommand(['diff', 'old.json', 'same.json'], { cwd: home })).status).toBe(0);
    const changed = await runCommand(['diff', 'old.json', 'new.json'], { cwd: home });
    expect(changed.status).toBe(1);
    expect(changed.stdout).toMatch(/refused.*accepted/s);
    const json = await runCommand(['diff', '-f', 'json', 'old.json', '-'], {
      cwd: home,
      input: readFileSync(join(home, 'new.json')),
    });
    expect(JSON.parse(json.stdout)).toMatchObject({ changed: true });
    await runCommand([fixture('closed'), '--max-listed', '1', '-r', 'cut.json'], { cwd: home });
    await runCommand([fixture('closed'), '-r', 'whole.json'], { cwd: home });
    expect((await runCommand(['diff', 'cut.json', 'whole.json'], { cwd: home })).status).toBe(0);
    const fewer = await runCommand(['diff', 'cut.json', 'old.json'], { cwd: home });
    expect(fewer.status).toBe(1);
    expect(fewer.stdout).toMatch(/portZero\.total +\d+ → 1$/m);
    appendFileSync(join(home, 'new.json'), 'garbage');
    const broken = await runCommand(['diff', 'old.json', 'new.json'], { cwd: home });
    expect(broken.status).toBe(2);
    expect(broken.stderr).toMatch(/^portzero: new\.json: [^\n]+\n$/);
  });
});

describe('a policy', () => {
  it.each(['warn', 'eror', 'foo', ''])('is never green for want of understanding: --fail-on "%s"', async (word) => {
    const capture = fixture('closed/connect-ipv4.pcap');
    for (const words of [
      [capture, '--fail-on', word],
      ['analyze', `--fail-on=${word}`, capture, '-j2', '-q'],
    ]) {
      const { status, stderr } = await runCommand(words);
      expect(status).toBe(2);
      expect(stderr).toContain('fail-on');
    }
  });
});
