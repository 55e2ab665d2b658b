import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AnalysisReport } from '../src/report/model/types.ts';
import { pcap } from './support/capture-builder.ts';
import { runCommand } from './support/command.ts';
import { be16, bytesOf, ethernet, fragmentIpv4, ipv4, ipv6, tcp, udp } from './support/frames.ts';
import { FIXTURES } from './support/manifest.ts';

// What could not be looked into is not "nobody": every report says so, and the exit status too.

const home = mkdtempSync(join(tmpdir(), 'portzero-looked-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const segment = (port: number, flags = 'S') =>
  ipv4({ source: '192.0.2.1', destination: '198.51.100.7' }, tcp({ sourcePort: 40_000, destinationPort: port, flags }));
const plain = ethernet({ type: 0x0800 }, segment(80));
const zero = ethernet({ type: 0x0800 }, segment(0));
/** An EtherType that nobody has (IEEE's list has none between 0xa000 and 0xa0ff). */
const strange = ethernet({ type: 0xa001 }, bytesOf(new Uint8Array(46)));
const tagged = ethernet({ type: 0xa001 }, bytesOf(be16(7), be16(0x0800), segment(0)));
const arp = ethernet({ type: 0x0806 }, bytesOf('0001 0800 0604 0001', new Uint8Array(38)));
const lldp = ethernet({ type: 0x88cc }, bytesOf('0207 04', new Uint8Array(43)));
const dns = ethernet({ type: 0x0800 }, ipv4({}, udp({ sourcePort: 5353, destinationPort: 53 })));
const esp = ethernet({ type: 0x0800 }, ipv4({ protocol: 50 }, new Uint8Array(40)));
const unknownProtocol = ethernet({ type: 0x0800 }, ipv4({ protocol: 200 }, new Uint8Array(40)));

let count = 0;
function capture(frames: readonly Uint8Array[], linkType = 1): string {
  const path = join(home, `${count++}.pcap`);
  writeFileSync(
    path,
    pcap(
      frames.map((bytes, at) => ({ seconds: 1_700_000_000 + at, bytes })),
      { linkType },
    ),
  );
  return path;
}

async function report(...args: readonly string[]): Promise<{ status: number | null; report: AnalysisReport }> {
  const { status, stdout } = await runCommand(['-q', '-f', 'json', ...args], { cwd: home });
  return { status, report: JSON.parse(stdout) };
}

const text = async (format: string, ...args: readonly string[]) =>
  (await runCommand(['-f', format, ...args], { cwd: home })).stdout;

describe('frames that were looked into', () => {
  it.each([
    ['ARP', arp],
    ['LLDP', lldp],
    ['UDP that is no tunnel', dns],
    ['IPsec', esp],
    ['a segment on another port', plain],
  ])('%s', async (_, frame) => {
    const { status, report: result } = await report(capture([frame]));
    expect(status).toBe(0);
    expect(result.summary.notLookedInto).toEqual({ frames: 0, reasons: {} });
    expect(await text('text', capture([frame]))).toContain('Nobody used TCP port 0.');
  });
});

describe('frames that were not', () => {
  it.each([
    ['an unknown EtherType', strange, 'ethertype-0xa001'],
    ['an unknown IP protocol', unknownProtocol, 'ip-protocol-200'],
    ['a header without room', plain.subarray(0, 30), 'malformed-ipv4'],
    ['a segment without ports', plain.subarray(0, 36), 'truncated-tcp'],
    [
      'a later fragment alone',
      ethernet({ type: 0x0800 }, ipv4({ protocol: 6, fragmentOffset: 64 }, new Uint8Array(40))),
      'later-fragment-without-first',
    ],
  ])('%s', async (_, frame, reason) => {
    const { status, report: result } = await report(capture([plain, frame]));
    expect(status).toBe(0);
    expect(result.summary.notLookedInto).toEqual({ frames: 1, reasons: { [reason]: 1 } });
    expect(result.inputs[0]!.complete).toBe(true);
  });

  it.each(['text', 'github', 'html'])('are told in the conclusion of %s', async (format) => {
    const output = await text(format, capture([plain, strange]));
    expect(output.replaceAll(/\s+/g, ' ')).toMatch(/No TCP port 0 in what could be looked into/);
    expect(output.replaceAll(/\s+/g, ' ')).toContain('1 of 2 frames could not be looked into (ethertype-0xa001 1)');
    expect(output).toContain('decoder.vlanTypes');
    expect(output).not.toContain('Nobody used');
  });

  it('name the option for tags only where the type may be one', async () => {
    const told = async (type: number) => await text('text', capture([plain, ethernet({ type }, new Uint8Array(46))]));
    for (const type of [0x8906, 0x8137, 0x88a4, 0x99fe, 0xa0ed]) expect(await told(type)).not.toContain('vlanTypes');
    for (const type of [0x9101, 0xa001, 0x8899]) expect(await told(type)).toContain('decoder.vlanTypes');
  });

  it("name the option for link types only where the type is anybody's", async () => {
    const told = async (type: number) => await text('text', capture([zero], type));
    // USB and Z-Wave have names: to read them as something else would help nobody.
    for (const type of [189, 262]) expect(await told(type)).not.toContain('linkTypes');
    for (const type of [147, 4711]) expect(await told(type)).toContain('--link-type');
  });

  it('are told on standard error beside data, and in the step summary', async () => {
    const path = capture([plain, strange]);
    const { stderr } = await runCommand(['-f', 'ndjson', path], { cwd: home });
    expect(stderr).toContain('1 of 2 frames could not be looked into');
    const summary = join(home, 'summary.md');
    await runCommand(['-f', 'github', path], { cwd: home, env: { ...process.env, GITHUB_STEP_SUMMARY: summary } });
    expect(readFileSync(summary, 'utf8')).toContain('1 of 2 frames could not be looked into');
  });

  it('are told beside port 0 that was seen', async () => {
    const output = await text('text', capture([zero, strange]));
    expect(output.replaceAll(/\s+/g, ' ')).toContain('1 of 2 frames could not be looked into');
  });

  it('make the status 2 with --strict, and every kind of report says why', async () => {
    const path = capture([plain, strange]);
    const { status, report: result } = await report('--strict', path);
    expect(status).toBe(2);
    expect(result.inputs[0]!.problems.map(({ code }) => code)).toEqual(['not-looked-into']);
    expect(await text('junit', '--strict', path)).toMatch(/name="readable"[^>]*>\s*<error type="not-looked-into"/);
    expect((await report('--strict', capture([plain, arp]))).status).toBe(0);
  });

  it.each(['eve', 'csv', 'zeek', 'ecs'])('are told in a record or row of %s', async (format) => {
    const told = '1 of 2 frames could not be looked into (ethertype-0xa001 1)';
    expect(await text(format, capture([plain, strange]))).toContain(told);
    expect(await text(format, capture([plain, arp]))).not.toContain('could not be looked into');
  });

  it('break what is expected', async () => {
    const config = join(home, 'expect.yaml');
    writeFileSync(config, 'expect:\n  - { name: none, to: 198.51.100.7, verdict: [refused], atLeast: 0 }\n');
    expect((await report('-c', config, capture([plain, arp]))).status).toBe(0);
    const { status, report: result } = await report('-c', config, capture([plain, strange]));
    expect(status).toBe(1);
    expect(result.findings.map(({ ruleId, message }) => [ruleId, message])).toEqual([
      ['expectation', expect.stringContaining('may be among the 1 of 2 frames that could not be looked into')],
    ]);
  });

  it('are a skipped case of JUnit, whose green is that of the others', async () => {
    const told = await text('junit', capture([plain, strange]));
    expect(told).toMatch(/<testsuites [^>]*failures="0" errors="0" skipped="1"/);
    expect(told).toMatch(
      /name="every frame was looked into"[^>]*>\s*<skipped message="1 of 2 frames could not be looked into \(ethertype-0xa001 1\)\. What helps: decoder\.vlanTypes/,
    );
    expect(await text('junit', capture([plain, arp]))).not.toContain('looked into');
  });

  it.each(['text', 'junit', 'sarif', 'github', 'html', 'json'])(
    'break every expectation, and %s says so',
    async (format) => {
      const config = join(home, 'expectations.yaml');
      const lines = [
        '{ name: met, to: 198.51.100.7, verdict: [refused, undecided] }',
        '{ name: never, to: 203.0.113.0/24, verdict: [accepted], atLeast: 0 }',
        '{ name: ports, to: "198.51.100.7:80", verdict: [undecided] }',
      ];
      writeFileSync(config, `expect:\n${lines.map((line) => `  - ${line}\n`).join('')}`);
      const told = (await text(format, '-c', config, capture([plain, zero, strange])))
        .replaceAll(/\\"|&quot;|&#34;/g, '"')
        .replaceAll(/\s+/g, ' ');
      for (const name of ['met', 'never', 'ports']) expect(told).toContain(`expectation "${name}" cannot be told for`);
      expect(told).toContain('among the 1 of 3 frames that could not be looked into (ethertype-0xa001 1)');
      expect(await text(format, '-c', config, capture([plain, zero]))).not.toContain('cannot be told');
    },
  );

  it('add up over inputs, in threads as well', async () => {
    const paths = [capture([plain, strange]), capture([arp]), capture([strange, unknownProtocol, plain])];
    for (const jobs of ['1', '3']) {
      const { report: result } = await report('--jobs', jobs, ...paths);
      expect(result.summary.notLookedInto).toEqual({
        frames: 3,
        reasons: { 'ethertype-0xa001': 2, 'ip-protocol-200': 1 },
      });
    }
  });
});

describe('an input of which nothing could be looked into', () => {
  it.each([
    ['link-type-unknown', [zero], 147],
    ['nothing-understood', [strange, strange], 1],
  ] as const)('has the problem %s', async (code, frames, linkType) => {
    const path = capture(frames, linkType);
    const { status, report: result } = await report(path);
    expect(status).toBe(2);
    expect(result.inputs[0]!.complete).toBe(false);
    expect(result.inputs[0]!.problems.map((problem) => problem.code)).toEqual([code]);
    expect(await text('text', path)).toContain('Nothing could be looked into');
    expect(await text('junit', path)).toMatch(new RegExp(`name="readable"[^>]*>\\s*<error type="${code}"`));
    expect(JSON.parse(await text('sarif', path)).runs[0].invocations[0].executionSuccessful).toBe(false);
    expect(await text('github', path)).toMatch(/^::error /);
    expect(await text('html', path)).not.toContain('Nobody used');
  });
});

describe('a person can say what it is', () => {
  it.each(['ethernet', 'EN10MB', 'LINKTYPE_ETHERNET', 'dlt_en10mb', '1'])('--link-type %s', async (name) => {
    const { status, report: result } = await report('--link-type', name, capture([zero], 147));
    expect(status).toBe(1);
    expect(result.summary.portZero.total).toBe(1);
    expect(result.inputs[0]!.linkTypes).toEqual(['USER0']);
    expect(result.summary.notLookedInto.frames).toBe(0);
  });

  it('of a fixture', async () => {
    const path = join(FIXTURES, 'links/user0.pcap');
    const unknown = await report(path);
    expect([unknown.status, unknown.report.inputs[0]!.problems.map(({ code }) => code)]).toEqual([
      2,
      ['link-type-unknown'],
    ]);
    expect((await text('text', path)).replaceAll(/\s+/g, ' ')).toContain('Nothing could be looked into');
    const known = await report('--link-type', 'ethernet', path);
    expect(known.status).toBe(1);
    expect(known.report.exchanges).toMatchObject([{ server: { port: 0 }, verdict: 'refused' }]);
  });

  it('for a link type that would be read otherwise', async () => {
    const { report: result } = await report('--link-type', 'raw', capture([segment(0), segment(80)], 1));
    expect(result.summary.portZero.total).toBe(1);
    expect(result.summary.exchanges.total).toBe(2);
  });

  it('not with a name that nothing has', async () => {
    const { status, stderr } = await runCommand(['--link-type', 'ethernt', capture([zero], 147)], { cwd: home });
    expect(status).toBe(2);
    expect(stderr).toContain('did you mean ethernet?');
  });

  it('in the configuration, by link type and by tag', async () => {
    const config = join(home, 'decoder.yaml');
    writeFileSync(config, 'decoder:\n  linkTypes: { user0: ethernet }\n  vlanTypes: [0xa001]\n');
    const { report: result } = await report('-c', config, capture([zero, tagged], 147));
    expect(result.summary.portZero.total).toBe(2);
    expect(result.exchanges.map(({ scope }) => scope)).toEqual(['', 'vlan 7']);
    // Others keep their own.
    expect((await report('-c', config, capture([zero], 148))).status).toBe(2);
    const { stdout } = await runCommand(['--print-config', '-c', config], { cwd: home });
    expect(stdout).toContain('user0: en10mb');
  });

  it.each([
    ['linkTypes: { user99: ethernet }', '"user99" is no link type'],
    ['linkTypes: { user0: ethernt }', 'did you mean ethernet?'],
    ['vlanTypes: [0x0800]', 'is no tag'],
    ['vlanTypes: [100]', 'at least 1536'],
  ])('not with %s', async (line, message) => {
    const config = join(home, 'bad.yaml');
    writeFileSync(config, `decoder:\n  ${line}\n`);
    const { status, stderr } = await runCommand(['-c', config, capture([zero])], { cwd: home });
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('a segment with port 0 that the capture cut before its flags', () => {
  const reply = ipv4(
    { source: '198.51.100.7', destination: '192.0.2.1' },
    tcp({ sourcePort: 0, destinationPort: 40_000, flags: 'RA', acknowledgment: 1 }),
  );
  const v6 = { source: '2001:db8::1', destination: '2001:db8::7' };
  const both = [zero, ethernet({}, reply)];
  const cut = (frames: readonly Uint8Array[], snapLength: number) =>
    capture(frames.map((frame) => frame.subarray(0, snapLength)));

  it.each([38, 39, 41, 42, 45, 46, 47])('at %i bytes is told, with who and to whom', async (snapLength) => {
    const { status, report: result } = await report(cut(both, snapLength));
    expect(status).toBe(1);
    expect(result.exchanges).toMatchObject([
      {
        client: { address: '192.0.2.1', port: 40_000 },
        server: { address: '198.51.100.7', port: 0 },
        probe: 'other',
        verdict: 'undecided',
        frames: { probe: 1, answer: null, all: [1, 2] },
      },
    ]);
    expect(result.findings.map(({ ruleId, severity, message }) => [ruleId, severity, message])).toEqual([
      [
        'port-zero-cut',
        'warning',
        'port 0 was used from 192.0.2.1:40000 to 198.51.100.7:0, but the capture cut away the flags',
      ],
    ]);
    expect(result.summary.notLookedInto.frames).toBe(0);
  });

  it('at 48 bytes has its flags', async () => {
    expect((await report(cut(both, 48))).report.exchanges).toMatchObject([{ verdict: 'refused' }]);
  });

  it('at 37 bytes has no ports, and was not looked into', async () => {
    const { status, report: result } = await report(cut(both, 37));
    expect([status, result.summary.portZero.total, result.summary.notLookedInto.frames]).toEqual([2, 0, 2]);
  });

  it.each([58, 66])('over IPv6 at %i bytes', async (snapLength) => {
    const { report: result } = await report(cut([ethernet({}, ipv6(v6, tcp({ destinationPort: 0 })))], snapLength));
    expect(result.findings.map(({ ruleId }) => ruleId)).toEqual(['port-zero-cut']);
  });

  it('in the first of several fragments', async () => {
    const [first] = fragmentIpv4(ipv4({ id: 7 }, tcp({ destinationPort: 0, payload: new Uint8Array(100) })), [64]);
    const { report: result } = await report(cut([ethernet({}, first!)], 42));
    expect(result.findings.map(({ ruleId }) => ruleId)).toEqual(['port-zero-cut']);
    expect(result.exchanges).toMatchObject([{ probe: 'other', verdict: 'undecided' }]);
  });

  it('accuses nobody where others of its conversation are whole', async () => {
    const data = (flags: string) =>
      ethernet({}, ipv4({}, tcp({ destinationPort: 0, flags, sequence: 100, acknowledgment: 1 })));
    const frames = [zero.subarray(0, 44), ethernet({}, reply), data('A'), data('FA')];
    const { report: result } = await report(capture(frames));
    expect(result.findings.map(({ ruleId }) => ruleId)).toEqual(['port-zero-cut']);
    expect(result.exchanges).toHaveLength(1);
  });
});
