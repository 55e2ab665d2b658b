import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { join, pcapngBlocks } from './support/capture-builder.ts';
import { runCommand } from './support/command.ts';
import { ethernet, ipv4, tcp } from './support/frames.ts';

const folder = mkdtempSync(joinPath(tmpdir(), 'portzero-'));
afterAll(() => rmSync(folder, { recursive: true }));
const blocks = pcapngBlocks('little');
const CLIENT = '192.0.2.1';
const SERVER = '198.51.100.7';

const syn = (port: number) =>
  ethernet(
    {},
    ipv4(
      { source: CLIENT, destination: SERVER },
      tcp({ sourcePort: port, destinationPort: 0, flags: 'S', sequence: 9 }),
    ),
  );
const reset = (port: number) =>
  ethernet(
    {},
    ipv4(
      { source: SERVER, destination: CLIENT },
      tcp({ sourcePort: 0, destinationPort: port, flags: 'RA', acknowledgment: 10 }),
    ),
  );

async function analyze(name: string, packets: readonly Uint8Array[], config?: string) {
  const path = joinPath(folder, name);
  writeFileSync(path, join(blocks.section(), blocks.interface({}), ...packets));
  const settings = joinPath(folder, `${name}.yaml`);
  if (config !== undefined) writeFileSync(settings, config);
  const options = config === undefined ? [] : ['--config', settings];
  const { stdout } = await runCommand(['-f', 'json', '--exchanges', 'all', ...options, path]);
  const text = (await runCommand([...options, path])).stdout;
  return { report: JSON.parse(stdout), text };
}

describe('drop counters', () => {
  it.each([
    [2n ** 53n - 1n, 9_007_199_254_740_991, '9,007,199,254,740,991'],
    [2n ** 53n + 1n, '9007199254740993', '9,007,199,254,740,993'],
    [2n ** 64n - 2n, '18446744073709551614', '18,446,744,073,709,551,614'],
  ])('of %s are exact', async (counter, json, words) => {
    const statistics = blocks.statistics({ options: [[5, blocks.u64(counter)]] });
    const time = (seconds: number) => BigInt(seconds) * 1_000_000n;
    const packets = [
      blocks.enhanced({ time: time(1), bytes: syn(2) }),
      blocks.enhanced({ time: time(100), bytes: syn(3) }),
      statistics,
    ];
    const { report, text } = await analyze(`drops-${counter}.pcapng`, packets);
    expect(report.inputs[0].drops).toBe(json);
    expect(text.replace(/\s+/g, ' ')).toContain(`${words} lost by the capture`);
    expect(text.replace(/\s+/g, ' ')).toContain(`the capture lost ${words} frames, so an answer may be among them`);
  });
});

describe('frames without time stamps', () => {
  it('have no time, no latency, no silence and no rate', async () => {
    const packets = Array.from({ length: 150 }, (_, i) => blocks.simple({ bytes: syn(41_000 + i) }));
    const { report, text } = await analyze('flood.pcapng', packets);
    expect(report.inputs[0]).toMatchObject({ frames: 150, firstTime: null, lastTime: null });
    expect(report.summary.portZero).toMatchObject({ total: 150, undecided: 150, silent: 0 });
    expect(report.exchanges[0]).toMatchObject({ started: null, answered: null, latencyMs: null });
    expect(new Set(report.findings.map(({ ruleId }: { ruleId: string }) => ruleId))).toEqual(
      new Set(['syn-to-port-zero']),
    );
    expect(text).toMatch(/no time/);
    expect(text.replace(/\s+/g, ' ')).toMatch(/rates \(scans, floods\) and waiting times could not be judged/);
  });

  it('say in an evidence file that their time is none', async () => {
    const path = joinPath(folder, 'timeless.pcapng');
    writeFileSync(path, join(blocks.section(), blocks.interface({}), blocks.simple({ bytes: syn(7000) })));
    const evidence = joinPath(folder, 'evidence.pcapng');
    await runCommand(['--report', evidence, path]);
    const written = readFileSync(evidence).toString('latin1');
    expect(written).toContain('syn-to-port-zero');
    expect(written).toContain('the capture has no time stamp of this frame');
  });

  it('do not hold to a time that was asked for', async () => {
    const config = `expect:\n  - { name: quick, to: ${SERVER}, verdict: [refused], within: 1ms }\n`;
    const packets = [blocks.simple({ bytes: syn(5000) }), blocks.simple({ bytes: reset(5000) })];
    const { report } = await analyze('quick.pcapng', packets, config);
    expect(report.exchanges[0]).toMatchObject({ verdict: 'refused', latencyMs: null });
    const broken = report.findings.find(({ ruleId }: { ruleId: string }) => ruleId === 'expectation');
    expect(broken.message).toMatch(/without time stamps/);
  });

  it('neither move the clock nor are silent beside frames that have time', async () => {
    const at = (seconds: number) => BigInt(seconds) * 1_000_000n;
    const packets = [
      blocks.simple({ bytes: syn(1) }),
      blocks.enhanced({ time: at(1_700_000_000), bytes: syn(2) }),
      blocks.simple({ bytes: syn(3) }),
      blocks.enhanced({ time: at(1_700_000_001), bytes: reset(1) }),
      blocks.enhanced({ time: at(1_700_000_100), bytes: syn(4) }),
    ];
    const { report } = await analyze('mixed.pcapng', packets);
    expect(report.inputs[0].firstTime).toBe('2023-11-14T22:13:20.000000Z');
    expect(report.exchanges.map(({ verdict, latencyMs }: Record<string, unknown>) => [verdict, latencyMs])).toEqual([
      ['refused', null],
      ['silent', null],
      ['undecided', null],
      ['undecided', null],
    ]);
  });
});
