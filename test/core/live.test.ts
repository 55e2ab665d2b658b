import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzeSource } from '../../src/analysis/analyze-source.ts';
import type { AnalysisSettings, AnalysisSink } from '../../src/analysis/types.ts';
import { openCapture, openSource } from '../../src/capture/open.ts';
import type { FrameSource } from '../../src/capture/source.ts';
import { type PcapRecord, pcap } from '../support/capture-builder.ts';
import { ethernet, ipv4, type TcpFields, tcp } from '../support/frames.ts';
import { memorySource } from '../support/read-capture.ts';
import { settingsFor, type Variant } from './compare.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const captures = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(pcap|pcapng)(\.gz|\.zst)?$/.test(name))
  .sort();

const liveSettings = (variant: Variant): AnalysisSettings => ({ ...settingsFor(variant), live: true });

interface Run {
  /** What a live run tells, in order. */
  readonly told: unknown[];
  readonly result: unknown;
  /** Frames that the core has passed over. */
  readonly passed: number;
}

async function runLive(source: FrameSource, settings: AnalysisSettings, inCore: boolean): Promise<Run> {
  const told: unknown[] = [];
  const sink: AnalysisSink = {
    exchange: (exchange) => told.push(['exchange', structuredClone(exchange)]),
    finding: (finding, exchange) => told.push(['finding', structuredClone(finding), structuredClone(exchange)]),
    answered: (exchange, findings) => told.push(['answered', structuredClone(exchange), structuredClone(findings)]),
  };
  let handed = 0;
  const { run } = source;
  source.run = (onFrame, options) =>
    run.call(
      source,
      (frame) => {
        handed++;
        onFrame(frame);
      },
      options,
    );
  const worthCore = inCore ? 0 : Number.POSITIVE_INFINITY;
  const { elapsedMs: _, ...result } = await analyzeSource(source, { settings, input: 0, worthCore, sink });
  return { told, result, passed: result.summary.frames - handed };
}

describe('a live run tells the same with the core and without', () => {
  const variants: Readonly<Record<string, Variant>> = {
    'of port 0': {},
    'of all exchanges': { exchanges: 'all' },
    'with a short answer timeout': { answerTimeoutNanos: 20e6 },
  };
  it.each(Object.entries(variants))('%s, from every fixture', async (_, variant) => {
    const settings = liveSettings(variant);
    const differing: string[] = [];
    let passed = 0;
    let told = 0;
    for (const name of captures) {
      const path = join(fixtures, name);
      const without = await runLive(await openCapture(path), settings, false);
      const inCore = await runLive(await openCapture(path), settings, true);
      if (JSON.stringify([inCore.told, inCore.result]) !== JSON.stringify([without.told, without.result]))
        differing.push(name);
      passed += inCore.passed;
      told += inCore.told.length;
    }
    expect(differing).toEqual([]);
    expect(passed).toBeGreaterThan(500);
    expect(told).toBeGreaterThan(1000);
  });

  /** SYNs to port 0; of some the RST comes at once, of some after others, of some twice; and answers that nobody asked for. */
  function mixed(count: number): Uint8Array {
    const records: PcapRecord[] = [];
    const add = (i: number, fields: TcpFields & { back?: boolean }) => {
      const client = `10.1.${i >> 8}.${i & 255}`;
      const { back = false, ...rest } = fields;
      const ends = back
        ? { source: '192.0.2.1', destination: client, ttl: 63 }
        : { source: client, destination: '192.0.2.1' };
      const ports = back ? { sourcePort: 0, destinationPort: 40000 } : { sourcePort: 40000, destinationPort: 0 };
      const micros = records.length * 4000;
      records.push({
        seconds: 1_700_000_000 + Math.floor(micros / 1e6),
        fraction: micros % 1e6,
        bytes: ethernet({}, ipv4(ends, tcp({ ...ports, ...rest }))),
      });
    };
    for (let i = 0; i < count; i++) {
      if (i % 7 === 6) add(i, { back: true, flags: i % 2 === 0 ? 'SA' : 'R', sequence: 5 });
      else add(i, { flags: 'S', sequence: 100 + i });
      if (i % 3 === 0) add(i, { back: true, flags: 'RA', acknowledgment: 101 + i });
      if (i >= 5 && i % 5 === 0) add(i - 3, { back: true, flags: 'RA', acknowledgment: 98 + i });
      if (i % 11 === 0) add(i, { back: true, flags: 'RA', acknowledgment: 101 + i });
    }
    return pcap(records);
  }

  it.each([1 << 20, 1000])(
    'in pieces of %i bytes, of questions that are refused in one piece and later',
    async (piece) => {
      const settings = liveSettings({ maxExchanges: 300 });
      const open = () => openSource('t', memorySource(mixed(900), [piece]), { bufferLength: 16_384 });
      const without = await runLive(await open(), settings, false);
      const inCore = await runLive(await open(), settings, true);
      expect(inCore.told).toEqual(without.told);
      expect(inCore.result).toEqual(without.result);
      expect(inCore.passed).toBeGreaterThan(500);
    },
  );
});
