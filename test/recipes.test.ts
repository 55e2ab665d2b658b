import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { blocksOf } from './support/pages.ts';
import { describeWith } from './support/tools.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-recipes-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function portzero(...args: string[]): string {
  const command = [join(root, 'bin/portzero.js'), '--quiet', '--fail-on', 'never', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: scratch, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

beforeAll(() => {
  copyFileSync(join(root, 'examples/port-zero.pcap'), join(scratch, 'port-zero.pcap'));
  portzero('port-zero.pcap', '--report', 'port-zero.csv', '--report', 'port-zero.ndjson');
});

/** The rows of an answer, as text. */
async function ask(query: string): Promise<string[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`SET file_search_path = '${scratch}'`);
    const answer = await connection.runAndReadAll(query);
    return [answer.columnNames(), ...answer.getRowsJson().map((row) => row.map((cell) => String(cell)))];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe('DuckDB over what portzero writes', () => {
  const queries = blocksOf('docs/recipes.md').filter(({ language }) => language === 'sql');

  it.each(queries.map(({ text, output }) => [text, output!] as const))('%s', async (query, output) => {
    const expected = output
      .trim()
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(await ask(query)).toEqual(expected);
  });

  it('reads the exchanges of all fixtures, from CSV and from NDJSON the same', async () => {
    const files = ['--report', 'all.csv', '--report', 'all.ndjson', '--report', 'all.json', '--exchanges', 'all'];
    spawnSync(process.execPath, [join(root, 'bin/portzero.js'), '-q', join(root, 'fixtures'), ...files], {
      cwd: scratch,
    });
    const { summary } = JSON.parse(readFileSync(join(scratch, 'all.json'), 'utf8'));
    const counts = (from: string, column: string) =>
      ask(`SELECT verdict, count(*) FROM '${from}' WHERE ${column} IS NOT NULL GROUP BY verdict ORDER BY verdict`);
    const expected = Object.entries(summary.portZero)
      .filter(([verdict, count]) => verdict !== 'total' && count !== 0)
      .map(([verdict, count]) => [verdict, String(count)])
      .sort();
    expect((await counts('all.csv', 'port_zero')).slice(1)).toEqual(expected);
    expect((await counts('all.ndjson', '"portZero"')).slice(1)).toEqual(expected);
    // Numbers and times are numbers and times there.
    const types = await ask(`SELECT DISTINCT typeof(started), typeof(client_port), typeof(latency_ms) FROM 'all.csv'`);
    expect(types[1]).toEqual(['TIMESTAMP WITH TIME ZONE', 'BIGINT', 'DOUBLE']);
  });
});

/** Patterns with nothing but stars. */
const matchesGlob = (path: string, pattern: string) =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(path);

const exampleOf = (name: string) => parse(readFileSync(join(root, 'examples', name), 'utf8'));
/** Names that `sniff -o eve.json` writes to, with and without --rotate. */
const FILES = ['/var/log/portzero/eve.json', '/var/log/portzero/eve-20261126T081500Z-00001.json'];

describe('examples/vector.yaml', () => {
  const { sources, transforms, sinks } = exampleOf('vector.yaml');

  it('leads from each component to one that there is', () => {
    const outputs = new Set([...Object.keys(sources), ...Object.keys(transforms)]);
    for (const [name, { route = {} }] of Object.entries<{ route?: object }>(transforms))
      for (const branch of Object.keys(route)) outputs.add(`${name}.${branch}`);
    const inputs = [
      ...Object.values<{ inputs: string[] }>(transforms),
      ...Object.values<{ inputs: string[] }>(sinks),
    ].flatMap((component) => component.inputs);
    expect(inputs.filter((input) => !outputs.has(input))).toEqual([]);
    for (const source of Object.keys(sources)) expect(inputs).toContain(source);
  });

  it('takes the files that sniff writes', () => {
    for (const file of FILES)
      expect(sources.portzero.include.some((pattern: string) => matchesGlob(file, pattern))).toBe(true);
  });
});

describe('examples/fluent-bit.yaml', () => {
  const { parsers, pipeline } = exampleOf('fluent-bit.yaml');

  it('reads with its own parser the files that sniff writes, and sends on what it reads', () => {
    const [input] = pipeline.inputs;
    expect(parsers.map(({ name }: { name: string }) => name)).toContain(input.parser);
    for (const file of FILES) expect(matchesGlob(file, input.path)).toBe(true);
    for (const { match } of [...pipeline.filters, ...pipeline.outputs]) expect(match).toBe(input.tag);
    const [, field, pattern] = /^(\w+) (.*)$/.exec(pipeline.filters[0].regex)!;
    const types = portzero('port-zero.pcap', '-f', 'eve')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)[field!]);
    for (const type of types) expect(type).toMatch(new RegExp(pattern!));
  });
});

describeWith(['python3'], 'the formats of time in both', () => {
  // Both are strptime's but for the fraction: %.f of chrono, %S.%L of Fluent Bit, %f of Python.
  const vector = /parse_timestamp!\(\.timestamp, "(.*)"\)/.exec(exampleOf('vector.yaml').transforms.eve.source)![1]!;
  const fluent: string = exampleOf('fluent-bit.yaml').parsers[0].time_format;
  it.each([
    ['Vector', vector.replace('%.f', '.%f')],
    ['Fluent Bit', fluent.replace('%L', '%f')],
  ])('are those of a record: %s', (_, format) => {
    const [line] = portzero('port-zero.pcap', '-f', 'eve').split('\n');
    const { timestamp } = JSON.parse(line!);
    const program = 'import sys; from datetime import datetime as d; print(int(d.strptime(*sys.argv[1:]).timestamp()))';
    expect(execFileSync('python3', ['-c', program, timestamp, format], { encoding: 'utf8' }).trim()).toBe('1795259622');
  });
});
