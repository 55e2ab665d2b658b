import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { XMLParser } from 'fast-xml-parser';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { analyzeCapture, ConfigError, loadConfig } from '../../src/index.ts';
import { reportErrors } from '../report/schema.ts';
import { pcap } from '../support/capture-builder.ts';
import { runCommand } from '../support/command.ts';
import { ethernet, ipv4, ipv6, tcp, udp } from '../support/frames.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-baseline-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let home: string;
let counter = 0;
beforeEach(() => {
  home = join(scratch, String(counter++));
  mkdirSync(home);
});

interface Ask {
  readonly from?: string;
  readonly to: string;
  readonly port?: number;
  readonly vlan?: number;
  readonly accepts?: boolean;
  /** Client port; another one for each attempt. */
  readonly source?: number;
}

/** A capture of SYNs to port 0, each refused at once. `start` in seconds. */
function capture(asks: readonly Ask[], start = 1_700_000_000): Uint8Array {
  const records = asks.flatMap(({ from = '192.0.2.1', to, port = 0, vlan, accepts = false, source }, index) => {
    const client = source ?? 40_000 + (index % 20_000);
    const wrap = (source: string, destination: string, segment: ReturnType<typeof tcp>) => {
      const packet = to.includes(':') ? ipv6({ source, destination }, segment) : ipv4({ source, destination }, segment);
      return ethernet(vlan === undefined ? {} : { vlans: [vlan] }, packet);
    };
    const seconds = start + index * 60;
    return [
      { seconds, bytes: wrap(from, to, tcp({ sourcePort: client, destinationPort: port, sequence: 7, flags: 'S' })) },
      {
        seconds,
        fraction: 50,
        bytes: wrap(
          to,
          from,
          tcp({ sourcePort: port, destinationPort: client, acknowledgment: 8, flags: accepts ? 'SA' : 'RA' }),
        ),
      },
    ];
  });
  return pcap(records);
}

const hosts = (count: number): Ask[] => Array.from({ length: count }, (_, i) => ({ to: `198.51.100.${i + 1}` }));
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(home, name), content);
const read = (name: string) => readFileSync(join(home, name), 'utf8');
const run = (...args: string[]) => runCommand(args, { cwd: home });
const linesOf = (name: string) =>
  read(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

async function jsonOf(...args: string[]) {
  const { status, stdout, stderr } = await run('-q', '-f', 'json', '--exchanges', 'all', ...args);
  const report = JSON.parse(stdout);
  expect(reportErrors(report)).toEqual([]);
  return { status, report, stderr };
}

describe('a repository adopts the gate', () => {
  it('40 old findings, baseline, green; one new, red, named; one gone, told', async () => {
    mkdirSync(join(home, 'captures'));
    write('captures/a.pcap', capture(hosts(40)));
    write('portzero.config.yaml', 'failOn: info\nbaseline: ci/known.txt\nrules: { port-zero-scan: off }\n');
    mkdirSync(join(home, 'ci'));
    expect((await run('captures')).status).toBe(2);
    const made = await run('captures', '--update-baseline');
    expect(made.stderr).toContain('baseline ci/known.txt: 40 findings, 40 added, 0 kept, 0 taken out');
    expect(made.status).toBe(0);
    expect(linesOf('ci/known.txt')).toHaveLength(40);
    const today = new Date().toISOString().slice(0, 10);
    expect(read('ci/known.txt')).toMatch(
      new RegExp(`^syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 since ${today}$`, 'm'),
    );

    // Green, whatever the name of the capture, the times, the client's ports and how often.
    rmSync(join(home, 'captures/a.pcap'));
    const again = [...hosts(40), ...hosts(40)].map((ask, i) => ({ ...ask, source: 50_000 + i }));
    write('captures/b.pcap', capture(again, 1_800_000_000));
    const green = await run('captures');
    expect(green.status).toBe(0);
    expect(green.stdout).toContain('nothing new, 80 known findings (ci/known.txt)');

    // One new, red, named, in every format.
    write('captures/b.pcap', capture([...hosts(40), { to: '203.0.113.9' }]));
    const red = await run('captures');
    expect(red.status).toBe(1);
    expect(red.stdout.indexOf('203.0.113.9:0')).toBeGreaterThan(0);
    expect(red.stdout.indexOf('203.0.113.9:0')).toBeLessThan(red.stdout.indexOf('198.51.100.1:0'));
    expect(red.stdout).toContain('1 new warning, 40 known findings');
    const { report, status } = await jsonOf('captures');
    expect(status).toBe(1);
    expect(report.baseline).toEqual({ file: 'ci/known.txt', known: { error: 0, warning: 40, info: 0 }, gone: [] });
    const news = report.findings.filter((finding: { known: unknown }) => finding.known === null);
    expect(news.map(({ message }: { message: string }) => message)).toEqual([expect.stringContaining('203.0.113.9')]);

    // One gone, told; and no failure.
    write('captures/b.pcap', capture(hosts(39)));
    const gone = await run('captures');
    expect(gone.status).toBe(0);
    expect(gone.stdout.replace(/\s+/g, ' ')).toContain('gone: syn-to-port-zero 192.0.2.1 -> 198.51.100.40:0');
    const lines = read('ci/known.txt').split('\n');
    const [told] = (await jsonOf('captures')).report.baseline.gone;
    expect(told).toMatchObject({ whom: '198.51.100.40:0', since: today, cause: 'not-seen' });
    expect(lines[told.line - 1]).toContain('198.51.100.40:0');
    expect((await run('captures', '--update-baseline')).stderr).toContain('39 findings, 0 added, 39 kept, 1 taken out');
  });

  it('is named, and red, in JUnit, SARIF, GitHub and NDJSON', async () => {
    write('a.pcap', capture(hosts(3)));
    expect((await run('a.pcap', '--baseline', 'known', '--update-baseline')).status).toBe(0);
    write('known', read('known').replace(/(100\.2:0 .*)$/m, '$1: <b>&"old" \u001b[31m ::error::x'));
    write('a.pcap', capture([{ to: '198.51.100.1' }, { to: '198.51.100.2' }, { to: '203.0.113.9' }]));
    const reports = ['r.xml', 'r.sarif', 'r.ndjson', 'r.html'].flatMap((name) => ['-r', name]);
    const { stdout, status } = await run('a.pcap', '--baseline', 'known', '-f', 'github', ...reports);
    expect(status).toBe(1);
    expect(stdout.match(/^::warning .*/gm)).toEqual([expect.stringContaining('203.0.113.9')]);
    const line =
      read('known')
        .split('\n')
        .findIndex((text) => text.includes('100.3:0')) + 1;
    expect(stdout).toMatch(new RegExp(`^::notice file=known,line=${line},title=portzero%3A baseline::gone: `, 'm'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
    for (const name of ['r.xml', 'r.sarif', 'r.ndjson', 'r.html']) expect(read(name)).not.toMatch(/\u001b/);
    expect(stdout).not.toMatch(/^::error/m);
    expect(stdout).not.toContain('\u001b');

    expect(read('r.html')).toMatch(/Of the baseline, and not seen again.*198\.51\.100\.3:0/s);
    expect(read('r.html')).toMatch(/<li><b>2<\/b> known<\/li>/);
    expect(read('r.html')).not.toContain('<b>&"old"');

    const { testsuites } = new XMLParser({ ignoreAttributes: false }).parse(read('r.xml'));
    expect(testsuites).toMatchObject({ '@_failures': '1' });
    const results = JSON.parse(read('r.sarif')).runs[0].results;
    expect(results.map((result: { baselineState: string }) => result.baselineState).sort()).toEqual([
      'new',
      'unchanged',
      'unchanged',
    ]);
    for (const { baselineState, suppressions } of results) {
      if (baselineState === 'new') expect(suppressions).toBeUndefined();
      else expect(suppressions).toMatchObject([{ kind: 'external', status: 'accepted' }]);
    }
    const events = read('r.ndjson')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(events.filter(({ type, known }) => type === 'finding' && known === null)).toHaveLength(1);
    expect(events.at(-1).baseline.gone).toHaveLength(1);

    // All known: JUnit has what is skipped, with the reason, and nothing that failed.
    write('a.pcap', capture([{ to: '198.51.100.2' }]));
    await run('a.pcap', '--baseline', 'known', '-r', 'r.xml');
    expect(read('r.xml')).toMatch(/failures="0" errors="0" skipped="1"/);
    expect(read('r.xml')).toMatch(/<skipped message="known since [-\d]+: &lt;b&gt;&amp;&quot;old&quot; \\x1b\[31m/);
  });

  it('lists what is new before what is known where not all fits', async () => {
    write('a.pcap', capture(hosts(40)));
    await run('a.pcap', '--baseline', 'known', '--update-baseline');
    write('a.pcap', capture([...hosts(40), { to: '203.0.113.9' }]));
    write('b.pcap', capture([...hosts(40), { to: '203.0.113.10' }]));
    for (const jobs of ['1', '2']) {
      const { report } = await jsonOf('a.pcap', 'b.pcap', '--baseline', 'known', '--max-listed', '5', '--jobs', jobs);
      const servers = report.exchanges.map((exchange: { server: { address: string } }) => exchange.server.address);
      expect(servers).toHaveLength(5);
      expect(servers).toEqual(expect.arrayContaining(['203.0.113.9', '203.0.113.10']));
      expect(report.findings).toHaveLength(5);
      expect(report.omitted).toMatchObject({ exchanges: 77, findings: 77 });
    }
  });
});

describe('the baseline of a configuration', () => {
  it('holds for the library as for the command, and is told when it cannot be read', async () => {
    write('old.pcap', capture(hosts(3)));
    write('new.pcap', capture(hosts(4)));
    write('portzero.config.yaml', 'baseline: known.txt\n');
    await run('old.pcap', '--update-baseline');
    const config = await loadConfig({ cwd: home });
    const options = { config, maxListed: 100 };
    const analysis = analyzeCapture(join(home, 'new.pcap'), options);
    const told: unknown[] = [];
    for await (const event of analysis) if (event.type === 'finding') told.push(event.finding.known === null);
    expect(told).toEqual([false, false, false, true]);
    const report = await analysis.report();
    expect(report.baseline).toMatchObject({ known: { warning: 3 }, gone: [] });
    const { report: same } = await jsonOf('new.pcap');
    expect(report.baseline!.known).toEqual(same.baseline.known);
    rmSync(join(home, 'known.txt'));
    const failed = analyzeCapture(join(home, 'new.pcap'), options).report();
    await expect(failed).rejects.toThrow(ConfigError);
    await expect(failed).rejects.toThrow(/known\.txt: the baseline cannot be read: there is no such file/);
  });

  it('is told in CSV: which rules fired, and which of them are known', async () => {
    const [a, b] = [{ to: '198.51.100.1' }, { to: '198.51.100.2' }];
    write('old.pcap', capture([a]));
    write('new.pcap', capture([{ ...a, accepts: true }, a, b]));
    await run('old.pcap', '--baseline', 'known', '--update-baseline');
    const rows = async (...args: string[]): Promise<Record<string, string>[]> =>
      parse((await run('new.pcap', '-f', 'csv', ...args)).stdout, { columns: true });
    // By their settling: the open connection comes last.
    expect((await rows('--baseline', 'known')).map(({ rules, known }) => [rules, known])).toEqual([
      ['syn-to-port-zero', 'syn-to-port-zero'],
      ['syn-to-port-zero', ''],
      ['syn-to-port-zero port-zero-accepted', 'syn-to-port-zero'],
    ]);
    for (const row of await rows()) expect(row.known).toBe('');
  });
});

describe('the same finding', () => {
  const known = async (first: readonly Ask[], then: readonly Ask[]) => {
    write('a.pcap', capture(first));
    write('b.pcap', capture(then));
    expect((await run('a.pcap', '--baseline', 'known', '--update-baseline')).status).toBe(0);
    return (await run('b.pcap', '--baseline', 'known')).status === 0;
  };

  it('is one with the same ends; another client, server, VLAN, end that is 0, or answer of another rule is not', async () => {
    const ask = { to: '198.51.100.1' };
    expect(await known([ask], [{ ...ask, source: 50_001 }])).toBe(true);
    expect(await known([ask], [{ to: '198.51.100.2' }])).toBe(false);
    expect(await known([ask], [{ ...ask, from: '192.0.2.2' }])).toBe(false);
    expect(await known([ask], [{ ...ask, vlan: 5 }])).toBe(false);
    expect(await known([ask], [{ ...ask, source: 0 }])).toBe(false);
    expect(await known([ask], [{ ...ask, accepts: true }])).toBe(false);
    expect(await known([{ ...ask, accepts: true }], [ask])).toBe(true);
    expect(await known([{ ...ask, vlan: 5 }], [{ ...ask, vlan: 5 }])).toBe(true);
    expect(
      await known([{ from: '2001:db8::1', to: '2001:db8::2' }], [{ from: '2001:db8::1', to: '2001:db8::2' }]),
    ).toBe(true);
  });

  it('knows scans, floods, UDP and broken expectations too', async () => {
    const burst = pcap([
      ...Array.from({ length: 300 }, (_, i) => ({
        seconds: 1_700_000_000,
        fraction: i * 1000,
        bytes: ethernet(
          {},
          ipv4(
            { source: '192.0.2.1', destination: `198.51.100.${1 + (i % 20)}` },
            tcp({ sourcePort: 2000 + i, destinationPort: 0, sequence: i, flags: 'S' }),
          ),
        ),
      })),
      ...Array.from({ length: 300 }, (_, i) => ({
        seconds: 1_700_000_100,
        fraction: i * 1000,
        bytes: ethernet(
          {},
          ipv4(
            { source: '192.0.2.9', destination: '203.0.113.1' },
            tcp({ sourcePort: 2000 + i, destinationPort: 0, sequence: i, flags: 'S' }),
          ),
        ),
      })),
      { seconds: 1_700_000_200, bytes: ethernet({}, ipv4({}, udp({ sourcePort: 53, destinationPort: 0 }))) },
    ]);
    write('a.pcap', burst);
    write('c.yaml', 'expect: [{ name: "the \\"edge\\" refuses", to: 203.0.113.0/24, verdict: refused }]\n');
    await run('a.pcap', '-c', 'c.yaml', '--baseline', 'known', '--update-baseline');
    const rules = new Set(linesOf('known').map((line) => line.split(' ')[0]));
    expect([...rules]).toEqual(
      expect.arrayContaining(['port-zero-scan', 'port-zero-flood', 'udp-port-zero', 'expectation', 'syn-to-port-zero']),
    );
    expect(read('known')).toMatch(/^port-zero-scan 192\.0\.2\.1 -> - since/m);
    expect(read('known')).toMatch(/^port-zero-flood - -> 203\.0\.113\.1:0 since/m);
    expect(read('known')).toMatch(/^expectation - -> "the \\"edge\\" refuses" since/m);
    for (const jobs of ['1', '2']) {
      const { status, report } = await jsonOf(
        'a.pcap',
        'a.pcap',
        '-c',
        'c.yaml',
        '--baseline',
        'known',
        '--fail-on',
        'info',
        '--jobs',
        jobs,
      );
      expect(status).toBe(0);
      expect(report.baseline.known).toEqual(report.summary.findings);
    }
    expect((await run('a.pcap', '--baseline', 'known', '--fail-on', 'info')).stdout.replace(/\s+/g, ' ')).toContain(
      'gone: expectation - -> "the \\"edge\\" refuses"',
    );
  });

  it('does not lend its severity to what is new about the same exchange', async () => {
    write('a.pcap', capture([{ to: '198.51.100.1', accepts: true }]));
    await run('a.pcap', '--baseline', 'known', '--update-baseline');
    write('known', read('known').replace(/^syn-to-port-zero.*\n/m, ''));
    const { stdout, status } = await run('a.pcap', '--baseline', 'known');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^warning {2}1 × SYN to port 0, accepted/m);
    expect((await run('a.pcap', '--baseline', 'known', '--fail-on', 'error')).status).toBe(0);
  });

  it('that is ignored, or whose rule is off, is told as that', async () => {
    write('a.pcap', capture(hosts(2)));
    await run('a.pcap', '--baseline', 'known', '--update-baseline');
    write('c.yaml', 'ignore: [{ to: 198.51.100.0/24 }]\n');
    const ignored = (await jsonOf('a.pcap', '-c', 'c.yaml', '--baseline', 'known')).report.baseline.gone;
    expect(ignored.map(({ cause }: { cause: string }) => cause)).toEqual(['ignored', 'ignored']);
    write('c.yaml', 'rules: { syn-to-port-zero: off }\n');
    const off = (await jsonOf('a.pcap', '-c', 'c.yaml', '--baseline', 'known')).report.baseline.gone;
    expect(off.map(({ cause }: { cause: string }) => cause)).toEqual(['rule-off', 'rule-off']);
  });
});

describe('--update-baseline', () => {
  it('keeps dates, reasons and comments that a person wrote, and gives the same file for the same findings', async () => {
    write('a.pcap', capture(hosts(3)));
    await run('a.pcap', '--baseline', 'known', '--update-baseline');
    const first = read('known');
    await run('a.pcap', '--baseline', 'known', '--update-baseline');
    expect(read('known')).toBe(first);
    write('known', first.replace(/^(.*100\.2:0 since ).*$/m, '# asked NOC\n$12020-02-29:   the  old one: it goes  '));
    write('b.pcap', capture([...hosts(2), { to: '198.51.100.0' }]));
    await run('b.pcap', '--baseline', 'known', '--update-baseline');
    const lines = read('known')
      .split('\n')
      .filter((line) => /asked|198/.test(line));
    expect(lines.map((line) => line.replace(/\d{4}-\d\d-\d\d$/, 'TODAY'))).toEqual([
      'syn-to-port-zero 192.0.2.1 -> 198.51.100.0:0 since TODAY',
      'syn-to-port-zero 192.0.2.1 -> 198.51.100.1:0 since TODAY',
      '# asked NOC',
      'syn-to-port-zero 192.0.2.1 -> 198.51.100.2:0 since 2020-02-29: the  old one: it goes',
    ]);
  });

  it('writes nothing when not all could be read, or what is there is no baseline', async () => {
    write('a.pcap', capture(hosts(2)));
    const broken = await run('a.pcap', 'missing.pcap', '--baseline', 'known', '--update-baseline');
    expect(broken.status).toBe(2);
    expect(broken.stderr).toContain('was not updated: not all of the input could be read');
    expect(existsSync(join(home, 'known'))).toBe(false);
    write('.profile', 'alias ls=true\n# mine\n');
    const foreign = await run('a.pcap', '--baseline', '.profile', '--update-baseline');
    expect(foreign.status).toBe(2);
    expect(foreign.stderr).toContain('.profile:1:1: this is no baseline');
    expect(read('.profile')).toBe('alias ls=true\n# mine\n');
  });

  it('needs a file, one that is no other file of the run, and writes through a link', async () => {
    write('a.pcap', capture(hosts(2)));
    expect((await run('a.pcap', '--update-baseline')).stderr).toContain('--update-baseline needs to know the file');
    expect((await run('a.pcap', '--baseline', 'no/such/known', '--update-baseline')).stderr).toContain(
      'cannot write the baseline',
    );
    const same = await run('a.pcap', '--baseline', 'r.json', '--update-baseline', '-r', 'r.json');
    expect(same).toMatchObject({ status: 2, stderr: expect.stringContaining('are the same file') });
    await run('a.pcap', '--baseline', 'known', '--update-baseline');
    const over = await run('a.pcap', '--baseline', 'known', '-r', 'known.txt');
    expect(over.status).toBe(0);
    symlinkSync('known', join(home, 'link.txt'));
    const overwritten = await run('a.pcap', '--baseline', 'known', '-r', 'link.txt');
    expect(overwritten).toMatchObject({ status: 2, stderr: expect.stringContaining('would overwrite the baseline') });
    write('b.pcap', capture(hosts(3)));
    expect((await run('b.pcap', '--baseline', 'link.txt', '--update-baseline')).status).toBe(0);
    expect(linesOf('known')).toHaveLength(3);
  });

  it('tells that a baseline is missing', async () => {
    write('a.pcap', capture(hosts(1)));
    expect(await run('a.pcap', '--baseline', 'known')).toMatchObject({
      status: 2,
      stderr: 'portzero: the baseline known is not there; --update-baseline makes it\n',
    });
  });
});
