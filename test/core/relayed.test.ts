import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { pcap } from '../support/capture-builder.ts';
import { ethernet, ipv4, type TcpFields, tcp } from '../support/frames.ts';
import { capture, flowArbitrary, formArbitrary, play, stepsArbitrary } from './traffic.ts';

const root = join(import.meta.dirname, '../..');
const fixtures = join(root, 'fixtures');
const captures = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(pcap|pcapng)(\.gz|\.zst)?$/.test(name))
  .sort();

const home = mkdtempSync(join(tmpdir(), 'portzero-core-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/**
 * Threads run compiled modules, so this asks those. A core in the thread that reads, which cuts segments to their headers, and
 * one in the thread that analyses, however short the capture is.
 */
const compiled = (name: string) => JSON.stringify(pathToFileURL(join(root, 'build', name)));
const script = (paths: readonly string[], every: number) => `
  import { analyzeSource } from ${compiled('analysis/analyze-source.js')};
  import { openCapture } from ${compiled('capture/open.js')};
  import { CoreSkipper } from ${compiled('prefilter/core-skipper.js')};
  import { settingsOf } from ${compiled('analysis/analyze-capture.js')};
  import { analyzeInputs } from ${compiled('analysis/analyze-inputs.js')};
  import { ThreadedSource } from ${compiled('prefilter/threaded-source.js')};
  const settings = settingsOf({ maxListed: 1000, maxExchanges: 5000 }, false);
  const { decoder } = settings.config;
  const text = ({ elapsedMs, ...result }) => JSON.stringify(result);
  const differing = [];
  let settled = 0;
  const { close } = CoreSkipper.prototype;
  CoreSkipper.prototype.close = function () {
    const { accepted, refused, silent, undecided } = this.settled;
    settled += accepted + refused + silent + undecided;
    close.call(this);
  };
  for (const [index, path] of ${JSON.stringify(paths)}.entries()) {
    const inputs = [{ name: path, paths: [path], bytes: 1 }];
    const [alone] = await analyzeInputs(inputs, { settings, jobs: 1 });
    // As large captures are read; threads take their time, so not of all.
    if (index % ${every} === 0) {
      const [filtered] = await analyzeInputs(inputs, { settings, jobs: 2, worthThreads: 0 });
      if (text(filtered) !== text(alone)) differing.push(path);
    }
    const source = new ThreadedSource(path, await openCapture(path), decoder);
    const relayed = await analyzeSource(source, { settings, input: 0, worthCore: 0, totals: source.totals });
    if (text(relayed) !== text(alone)) differing.push(path);
  }
  console.log(JSON.stringify({ differing, settled }));
`;

function compare(paths: readonly string[], every: number): { differing: string[]; settled: number } {
  const file = join(home, 'compare.mjs');
  writeFileSync(file, script(paths, every));
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' }));
}

it('comes to the same by two threads, for every fixture', () => {
  expect(captures.length).toBeGreaterThan(250);
  const { differing, settled } = compare(
    captures.map((name) => join(fixtures, name)),
    8,
  );
  expect(differing).toEqual([]);
  expect(settled).toBeGreaterThan(0);
});

/** A SYN, many segments of one end, and only then data of the server that shows the answer. */
function lateAnswer(count: number, isClient: boolean): Uint8Array<ArrayBuffer> {
  const ends = [
    { source: '10.0.0.1', destination: '10.0.0.2' },
    { source: '10.0.0.2', destination: '10.0.0.1' },
  ] as const;
  const from = (end: 0 | 1, fields: TcpFields) => {
    const ports = end === 0 ? { sourcePort: 40000, destinationPort: 80 } : { sourcePort: 80, destinationPort: 40000 };
    return ethernet({}, ipv4(ends[end], tcp({ ...ports, ...fields })));
  };
  const sent = (i: number) =>
    isClient
      ? from(0, { flags: 'PA', sequence: 1001 + 5 * i, acknowledgment: 501, payload: 'hello' })
      : from(1, { flags: 'A', sequence: 501, acknowledgment: 1001 });
  const acknowledgment = isClient ? 1001 + 5 * count : 1001;
  const frames = [
    from(0, { flags: 'S', sequence: 1000 }),
    ...Array.from({ length: count }, (_, i) => sent(i)),
    from(1, { flags: 'PA', sequence: 501, acknowledgment, payload: 'answer' }),
  ];
  return pcap(
    frames.map((bytes, i) => ({ seconds: 1_700_000_000 + Math.floor(i / 100), fraction: (i % 100) * 10_000, bytes })),
  );
}

it('comes to the same by two threads, however late the answer shows', () => {
  const paths = [1, 63, 64, 65, 300].flatMap((count) =>
    [true, false].map((isClient) => {
      const path = join(home, `late-${count}-${isClient}.pcap`);
      writeFileSync(path, lateAnswer(count, isClient));
      return path;
    }),
  );
  expect(compare(paths, 1).differing).toEqual([]);
});

/** Many attempts on one 4-tuple, of which some are answered, in an order of `random`; between them, and at last, data of both ends. */
function attempts(count: number, random: () => number): Uint8Array<ArrayBuffer> {
  const client = (fields: TcpFields) =>
    ethernet(
      {},
      ipv4({ source: '10.0.0.1', destination: '10.0.0.2' }, tcp({ sourcePort: 40000, destinationPort: 80, ...fields })),
    );
  const server = (fields: TcpFields) =>
    ethernet(
      {},
      ipv4({ source: '10.0.0.2', destination: '10.0.0.1' }, tcp({ sourcePort: 80, destinationPort: 40000, ...fields })),
    );
  const isns = Array.from({ length: count }, (_, i) => 1000 + 100_000 * i);
  const frames = isns.map((sequence) => client({ flags: 'S', sequence }));
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  for (let i = 0; i < count; i++) {
    const isn = pick(isns);
    frames.push(
      pick([
        server({ flags: 'RA', sequence: 0, acknowledgment: isn + 1 }),
        server({ flags: 'SA', sequence: 500, acknowledgment: isn + 1 }),
        server({ flags: 'PA', sequence: 501, acknowledgment: isn + 6, payload: 'answer' }),
        client({ flags: 'PA', sequence: isn + 1, acknowledgment: 501, payload: 'hello' }),
        client({ flags: 'S', sequence: isn }),
      ]),
    );
  }
  return pcap(frames.map((bytes, i) => ({ seconds: 1_700_000_000, fraction: i * 1000, bytes })));
}

it('comes to the same by two threads, of many attempts on one 4-tuple', () => {
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const paths = [1, 2, 3, 8, 40, 300].flatMap((count) =>
    [1, 2, 3].map((round) => {
      const path = join(home, `attempts-${count}-${round}.pcap`);
      writeFileSync(path, attempts(count, random));
      return path;
    }),
  );
  expect(compare(paths, 1).differing).toEqual([]);
});

it('comes to the same by two threads, of adverse traffic', () => {
  const cases = fc.sample(
    fc.record({
      flows: fc.array(flowArbitrary, { minLength: 1, maxLength: 4 }),
      steps: stepsArbitrary,
      form: formArbitrary,
    }),
    { numRuns: 25, seed: Number(process.env.CORE_SEED ?? 42) },
  );
  const paths = cases.map(({ flows, steps, form }, i) => {
    const path = join(home, `${i}.pcap`);
    writeFileSync(path, capture(play(flows, steps), form));
    return path;
  });
  const { differing, settled } = compare(paths, 1);
  expect(differing).toEqual([]);
  expect(settled).toBeGreaterThan(0);
});
