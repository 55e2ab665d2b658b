import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fixture, runCommand } from '../support/command.ts';
import { writeFlood } from '../support/flood.ts';
import { capture, flowArbitrary, formArbitrary, play, stepsArbitrary } from './traffic.ts';

const captures = readdirSync(fixture(''), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(pcap|pcapng)(\.gz|\.zst)?$/.test(name))
  .sort();

const folder = mkdtempSync(join(tmpdir(), 'portzero-derived-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What runs where WebAssembly is as it is when this is called: the program is compiled once for each copy of the modules. */
function freshly(): Promise<typeof import('./compare.ts')> {
  vi.resetModules();
  return import('./compare.ts');
}

/** As a policy would have it. */
const FORBIDDEN = {
  ...{ Memory: WebAssembly.Memory, Instance: WebAssembly.Instance },
  Module: class {
    constructor() {
      throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder');
    }
  },
};

describe.each([
  ['there is no WebAssembly', undefined],
  ['it may not be compiled', FORBIDDEN],
])('where %s the derived JavaScript runs', (_, instead) => {
  let usual: typeof import('./compare.ts');
  let derived: typeof import('./compare.ts');
  beforeEach(async () => {
    usual = await freshly();
    const settings = usual.settingsFor({});
    await usual.analyzeFile(fixture(captures[0]!), settings, true);
    vi.stubGlobal('WebAssembly', instead);
    derived = await freshly();
  });
  afterEach(() => vi.unstubAllGlobals());

  it('every fixture comes to the same report', async () => {
    const watched = derived.watch();
    const settings = usual.settingsFor({ maxExchanges: 1_000_000 });
    const differing: string[] = [];
    for (const name of captures) {
      const expected = await usual.analyzeFile(fixture(name), settings, true);
      const result = await derived.analyzeFile(fixture(name), settings, true);
      if (JSON.stringify(result) !== JSON.stringify(expected)) differing.push(name);
    }
    watched.restore();
    expect(differing).toEqual([]);
    // It has kept to itself what the other keeps to itself.
    expect(watched.frames).toBeGreaterThan(1000);
    expect(watched.handed).toBeLessThan(watched.frames);
    expect(watched.settled).toBeGreaterThan(0);
  });

  it('so does adverse traffic', async () => {
    const cases = fc.record({
      flows: fc.array(flowArbitrary, { minLength: 1, maxLength: 4 }),
      steps: stepsArbitrary,
      form: formArbitrary,
    });
    const settings = usual.settingsFor({});
    await fc.assert(
      fc.asyncProperty(cases, async ({ flows, steps, form }) => {
        const bytes = capture(play(flows, steps), form);
        const expected = await usual.analyzeBytes(bytes, settings, true, form.piece);
        expect(await derived.analyzeBytes(bytes, settings, true, form.piece)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});

it('node --jitless gives the same report of a flood', async () => {
  const path = join(folder, 'flood.pcap');
  writeFlood(path, 20_000);
  const report = async (env: Record<string, string>) => {
    const { status, stdout } = await runCommand(['--quiet', '--format', 'json', path], { env });
    const { elapsedMs, ...rest } = JSON.parse(stdout);
    return { status, isTimed: elapsedMs > 0, ...rest };
  };
  const expected = await report({});
  expect(expected.summary.portZero.total).toBe(20_000);
  expect(await report({ NODE_OPTIONS: '--jitless' })).toEqual(expected);
});
