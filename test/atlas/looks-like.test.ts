import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { confusionOf, TOLD_APART } from '../../src/atlas/confusion.ts';
import { labelOf, loadAtlas, parseSignatures } from '../../src/atlas/load.ts';
import { addLooksLike } from '../../src/atlas/looks-like.ts';
import type { StackEntry } from '../../src/atlas/types.ts';
import type { ExchangeReport, RunResult } from '../../src/report/model/types.ts';
import { FIXTURES } from '../support/manifest.ts';

const atlas = loadAtlas();
const confusion = new Map(confusionOf(atlas).map((row) => [row.stack, row]));
const folder = mkdtempSync(join(tmpdir(), 'portzero-atlas-'));
afterAll(() => rmSync(folder, { recursive: true }));

function capturesOf(stack: StackEntry, isWanted: (name: string) => boolean): string[] {
  return stack.cells
    .filter((cell) => cell.family === 4 && isWanted(cell.case))
    .map(({ capture }) => join(FIXTURES, capture!));
}

/** The exchanges of captures as if they were of one, each stack's host for itself. */
async function exchangesOf(paths: readonly string[], input: number): Promise<ExchangeReport[]> {
  const { exchanges } = await analyzeCapture(paths, { exchanges: 'all' }).report();
  return exchanges.filter(({ probe }) => probe !== null).map((exchange) => ({ ...exchange, input }));
}

function resultOf(exchanges: readonly ExchangeReport[]): RunResult {
  return { report: { exchanges }, groups: [] } as unknown as RunResult;
}

function portzero(...args: string[]) {
  return spawnSync(process.execPath, [join(FIXTURES, '../bin/portzero.js'), ...args], { encoding: 'utf8' });
}

describe('looksLike', () => {
  it('tells the stacks apart by the answer to a SYN as far as the confusion table says, all of them mixed in one report', async () => {
    const mixed = (
      await Promise.all(
        atlas.stacks.map((stack, input) =>
          exchangesOf(
            capturesOf(stack, (name) => name === 'syn-to-0'),
            input,
          ),
        ),
      )
    ).flat();
    const { exchanges } = addLooksLike(resultOf(mixed)).report;
    expect(exchanges.length).toBe(atlas.stacks.length);
    for (const { input, evidence } of exchanges) {
      const label = labelOf(atlas.stacks[input]!);
      const { like, unlike, answers } = evidence.looksLike!;
      // What is known by an open port alone is more than the table compares, which has the answers to port 0.
      expect([...like].sort(), label).toEqual([label, ...confusion.get(label)!.bySyn].sort());
      expect([...like, ...unlike].length, label).toBeLessThanOrEqual(atlas.stacks.length);
      expect(answers, label).toBe(1);
    }
  });

  it('weighs all answers of a host together', async () => {
    const mixed = (
      await Promise.all(
        atlas.stacks.map((stack, input) =>
          exchangesOf(
            capturesOf(stack, (name) => TOLD_APART.includes(name as never)),
            input,
          ),
        ),
      )
    ).flat();
    const { exchanges } = addLooksLike(resultOf(mixed)).report;
    for (const { input, evidence } of exchanges) {
      const label = labelOf(atlas.stacks[input]!);
      const row = confusion.get(label)!;
      const like = evidence.looksLike?.like ?? null;
      if (like === null) continue;
      expect(like, label).toEqual(expect.arrayContaining([label, ...row.together]));
      for (const name of like) expect([label, ...row.bySyn], label).toContain(name);
    }
  });

  it('says nothing of what the bytes do not tell', async () => {
    for (const file of ['nothing/ordinary-ports.pcap', 'backscatter/syn-ack.pcap', 'ordinary/refused.pcap']) {
      let paths: string;
      try {
        readFileSync(join(FIXTURES, file));
        paths = join(FIXTURES, file);
      } catch {
        continue;
      }
      const { exchanges } = addLooksLike(await analyzeCapture(paths, { exchanges: 'all' }).result()).report;
      for (const { evidence, portZero, probe } of exchanges)
        if (portZero === null || probe === null) expect(evidence.looksLike).toBeUndefined();
    }
  });

  it('is in text, JSON, NDJSON, EVE and HTML', () => {
    const capture = join(FIXTURES, 'stacks/pasta/syn-to-0.pcap');
    const words = 'answers like passt and pasta 2023-03-09; not like Linux 6.18.44';
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
    writeFileSync(file, '{"schemaVersion":1,"stacks":[{"id":"x"}],"byCode":[]}');
    const broken = portzero(join(FIXTURES, 'stacks/lwip/syn-to-0.pcap'), '--signatures', file);
    expect(broken.status).toBe(2);
    expect(broken.stderr).toContain('stacks[0].name: is missing');
  });
});

describe('portzero atlas', () => {
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
