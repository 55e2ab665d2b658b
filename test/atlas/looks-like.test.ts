import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { confusionOf, TOLD_APART } from '../../src/atlas/confusion.ts';
import { labelOf, loadAtlas, parseSignatures } from '../../src/atlas/load.ts';
import { addLooksLike } from '../../src/atlas/looks-like.ts';
import { formatMatrix } from '../../src/atlas/matrix.ts';
import type { CaseName } from '../../src/atlas/types.ts';
import type { ExchangeReport, RunResult } from '../../src/report/model/types.ts';
import { FIXTURES } from '../support/manifest.ts';

const atlas = loadAtlas();
const confusion = new Map(confusionOf(atlas).map((row) => [row.stack, row]));
const labels = atlas.stacks.map(labelOf);
const folder = mkdtempSync(join(tmpdir(), 'portzero-atlas-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FAMILIES = [4, 6] as const;

/** The exchanges of captures as if they were of one report, each stack's host for itself. */
async function mixed(family: 4 | 6, isWanted: (name: CaseName) => boolean): Promise<ExchangeReport[]> {
  const lists = atlas.stacks.map(async ({ cells }, input) => {
    const captures = cells.filter((cell) => cell.family === family && isWanted(cell.case));
    if (captures.length === 0) return [];
    const paths = captures.map(({ capture }) => join(FIXTURES, capture!));
    const { exchanges } = await analyzeCapture(paths, { exchanges: 'all' }).report();
    return exchanges.filter(({ probe }) => probe !== null).map((exchange) => ({ ...exchange, input }));
  });
  return (await Promise.all(lists)).flat();
}

function resultOf(exchanges: readonly ExchangeReport[]): RunResult {
  return { report: { exchanges }, groups: [] } as unknown as RunResult;
}

function portzero(...args: string[]) {
  return spawnSync(process.execPath, [join(FIXTURES, '../bin/portzero.js'), ...args], { encoding: 'utf8' });
}

describe('looksLike', () => {
  it.each(FAMILIES)(
    'tells the stacks apart by the answer to a SYN as far as the confusion table says (IPv%i)',
    async (family) => {
      const { exchanges } = addLooksLike(resultOf(await mixed(family, (name) => name === 'syn-to-0'))).report;
      expect(exchanges.length).toBe(
        atlas.stacks.filter(({ cells }) => cells.some((cell) => cell.family === family)).length,
      );
      for (const { input, evidence } of exchanges) {
        const label = labelOf(atlas.stacks[input]!);
        const { like, unlike, answers } = evidence.looksLike!;
        // What is known by an open port alone is more than the table compares, which has the answers to port 0.
        expect([...like].sort(), label).toEqual([label, ...confusion.get(label)!.bySyn[family]!].sort());
        expect([...like, ...unlike].length, label).toBeLessThanOrEqual(atlas.stacks.length);
        for (const name of [...like, ...unlike]) expect(labels, label).toContain(name);
        expect(answers, label).toBe(1);
      }
    },
  );

  it.each(FAMILIES)('weighs all answers of a host together (IPv%i)', async (family) => {
    const { exchanges } = addLooksLike(resultOf(await mixed(family, (name) => TOLD_APART.includes(name)))).report;
    const asked = new Map<number, number>();
    for (const { input, client, server, verdict, evidence } of exchanges) {
      const label = labelOf(atlas.stacks[input]!);
      // Only of a SYN from port 0 that nobody answers nothing can be said: whether the port was open is not known.
      if (client.port === 0 && server.port !== 0 && verdict === 'silent') {
        expect(evidence.looksLike, label).toBeUndefined();
        continue;
      }
      asked.set(input, (asked.get(input) ?? 0) + 1);
      expect([...evidence.looksLike!.like].sort(), label).toEqual(
        [label, ...confusion.get(label)!.together[family]!].sort(),
      );
    }
    // Nearly all questions of all of them: what is missing is named above, or begins before its capture.
    for (const [input, { cells }] of atlas.stacks.entries())
      if (cells.some((cell) => cell.family === family)) expect(asked.get(input)).toBeGreaterThanOrEqual(6);
  });

  it('says nothing of what the bytes do not tell', async () => {
    for (const file of ['nothing/bind-and-listen.pcap', 'backscatter/syn-ack.pcap', 'closed/connect-ipv4.pcap']) {
      const { exchanges } = await analyzeCapture(join(FIXTURES, file), { exchanges: 'all' }).report();
      for (const { evidence, portZero, probe } of exchanges)
        expect(evidence.looksLike !== undefined, file).toBe(portZero !== null && probe !== null);
    }
  });

  it('names Linux wherever Linux answered, whoever asked and however', async () => {
    const files = readdirSync(join(FIXTURES, 'closed')).map((name) => `closed/${name}`);
    let count = 0;
    for (const file of [...files, 'accepted/redirect-ipv4.pcap', 'dropped/accept-queue-full.pcap']) {
      const { exchanges } = await analyzeCapture(join(FIXTURES, file), { exchanges: 'all' }).report();
      for (const { evidence, verdict } of exchanges) {
        if (evidence.looksLike === undefined || verdict === 'silent') continue;
        count++;
        expect(evidence.looksLike.like, file).toContain('Linux 6.18.44');
      }
    }
    expect(count).toBeGreaterThan(files.length);
  });

  it('says nothing of a stack behind ICMP errors and silence', async () => {
    for (const file of [
      'rejected/nft-icmp-admin-prohibited.pcap',
      'rejected/rate-limited.pcap',
      'dropped/nft-drop-ipv4.pcap',
    ]) {
      const { exchanges } = await analyzeCapture(join(FIXTURES, file), { exchanges: 'all' }).report();
      const told = exchanges.flatMap(({ evidence }) => evidence.looksLike ?? []);
      expect(told.length, file).toBeGreaterThan(0);
      for (const { text, unlike } of told) {
        expect(text, file).toMatch(/the stack behind it is not seen|limited rate|a filter that drops/);
        expect(text, file).not.toContain('not like');
        for (const label of unlike) expect(atlas.stacks.find((each) => labelOf(each) === label)!.kind).toBe('firewall');
      }
    }
  });

  it('names what matches but for silence, and says that', async () => {
    const both = ['stacks/linux/syn-to-0.pcap', 'stacks/nft-drop/null-to-0.pcap'].map((file) => join(FIXTURES, file));
    const { exchanges } = await analyzeCapture(both, { exchanges: 'all' }).report();
    const asOne = exchanges.filter(({ probe }) => probe !== null).map((exchange) => ({ ...exchange, input: 0 }));
    const { looksLike } = addLooksLike(resultOf(asOne)).report.exchanges[0]!.evidence;
    expect(looksLike!.like).toContain('Linux 6.18.44');
    expect(looksLike!.text).toContain('where it answers at all; it is silent where they answer: a filter drops some');
  });

  it('is told by the library, of what it lists and as it comes', async () => {
    const analysis = analyzeCapture(join(FIXTURES, 'stacks/lwip/syn-to-0.pcap'));
    for await (const event of analysis)
      expect(event.exchange?.evidence.looksLike?.like, event.type).toEqual(['lwIP 2.1.3']);
    expect((await analysis.report()).exchanges[0]!.evidence.looksLike!.like).toEqual(['lwIP 2.1.3']);
  });

  it('is in text, JSON, NDJSON, EVE and HTML', () => {
    const capture = join(FIXTURES, 'stacks/pasta/syn-to-0.pcap');
    const words = 'answers like pasta 2023-03-09, passt 2023-03-09; not like Linux 6.18.44';
    const json = JSON.parse(portzero(capture, '-f', 'json').stdout);
    expect(json.exchanges[0].evidence.looksLike.text).toContain(words);
    expect(json.exchanges[0].verdict).toBe('invalid-reset');
    expect(portzero(capture).stdout.replace(/\s+/g, ' ')).toContain(words);
    for (const format of ['ndjson', 'eve']) expect(portzero(capture, '-f', format).stdout, format).toContain(words);
    expect(portzero(capture, '-f', 'html').stdout).toContain(words);
  });

  it('knows a stack that was learned, and says why a file of signatures cannot be used', () => {
    const learned = portzero('atlas', '--learn', join(FIXTURES, 'stacks/lwip/syn-to-0.pcap'), '--name', 'our firmware');
    expect(learned.status).toBe(0);
    expect(parseSignatures(learned.stdout)[0]!.cells.map((cell) => cell.case)).toEqual(['syn-to-0']);
    const file = join(folder, 'mine.json');
    writeFileSync(file, learned.stdout);
    const told = JSON.parse(
      portzero(join(FIXTURES, 'stacks/lwip/syn-0-to-0.pcap'), '-f', 'json', '--signatures', file).stdout,
    );
    // It was learned by another question than this one: of that nothing is known.
    expect(told.exchanges[0].evidence.looksLike.like).toEqual(['lwIP 2.1.3']);
    const same = portzero(join(FIXTURES, 'stacks/lwip/syn-to-0.pcap'), '-f', 'json', '--signatures', file);
    expect(JSON.parse(same.stdout).exchanges[0].evidence.looksLike.like).toEqual(['our firmware', 'lwIP 2.1.3']);
    for (const [change, fault] of [
      [{ name: 'two\nlines' }, 'stacks[0].name: has characters that cannot be shown in a line of text'],
      [{ name: 'x'.repeat(61) }, 'stacks[0].name: is longer than 60 characters'],
      [{ id: 'lwip' }, 'stacks[0].id: "lwip" is in the atlas already'],
      [{ name: 'lwIP', version: '2.1.3' }, 'stacks[0].name: "lwIP 2.1.3" is in the atlas already'],
    ] as const) {
      const { stacks, ...rest } = JSON.parse(learned.stdout);
      expect(() => parseSignatures(JSON.stringify({ ...rest, stacks: [{ ...stacks[0], ...change }] }))).toThrow(fault);
    }
    const { stacks, ...rest } = JSON.parse(learned.stdout);
    expect(() => parseSignatures(JSON.stringify({ ...rest, stacks: [stacks[0], stacks[0]] }))).toThrow(
      'stacks[1].id: "our-firmware" is stacks[0] already',
    );
    const two = [
      { ...stacks[0], id: 'b', name: 'b' },
      { ...stacks[0], id: 'a', name: 'a' },
    ];
    expect(parseSignatures(JSON.stringify({ ...rest, stacks: two })).map(({ name }) => name)).toEqual(['a', 'b']);
    writeFileSync(file, '{"schemaVersion":1,"stacks":[{"id":"x"}],"byCode":[]}');
    const broken = portzero(join(FIXTURES, 'stacks/lwip/syn-to-0.pcap'), '--signatures', file);
    expect(broken.status).toBe(2);
    expect(broken.stderr).toContain('stacks[0].name: is missing');
  });
});

describe('portzero atlas', () => {
  it('keeps to the width of the terminal', () => {
    const style = { strong: (text: string) => text };
    for (const width of [40, 80, 120, 250]) {
      const lines = formatMatrix(atlas, { ...style, width, proseWidth: Math.min(width, 110) }).split('\n');
      expect(Math.max(...lines.map((line) => line.length)), String(width)).toBeLessThanOrEqual(width);
    }
  });

  it('refuses a name that cannot stand in a line, or that the atlas has', () => {
    const capture = join(FIXTURES, 'stacks/lwip/syn-to-0.pcap');
    for (const [name, fault] of [
      ['a\u001b[31mb', '--name has characters that cannot be shown'],
      ['x'.repeat(61), '--name is longer than 60 characters'],
      ['lwIP', 'the atlas has a stack "lwIP" already'],
    ] as const) {
      const { status, stderr } = portzero('atlas', '--learn', capture, '--name', name);
      expect(status).toBe(2);
      expect(stderr).toContain(fault);
    }
  });

  it('prints the matrix, a stack, and their JSON', () => {
    const all = portzero('atlas').stdout;
    for (const stack of atlas.stacks) expect(all).toContain(labelOf(stack));
    for (const { name } of atlas.byCode) expect(all).toContain(name);
    expect(portzero('atlas', 'gvisor').stdout).toContain('acknowledgment seq+1');
    expect(JSON.parse(portzero('atlas', '-f', 'json').stdout)).toEqual(atlas);
    const unknown = portzero('atlas', 'linus');
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain('did you mean linux?');
  });
});
