import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { HeldFrames } from '../../../src/capture/live/held-frames.ts';
import { Frame } from '../../../src/capture/source.ts';
import type { AnalysisReport } from '../../../src/report/model/types.ts';
import { NANO, pcap } from '../../support/capture-builder.ts';
import { runCommand } from '../../support/command.ts';
import { refusal } from '../../support/fake-capturer.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-group-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let folder: string;
let number = 0;

/** A `tcpdump` that hands out the file of the interface's name, and complains where there is none. */
beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const script = join(folder, 'bin/tcpdump');
  writeFileSync(
    script,
    `#!/bin/sh
while [ "$1" != -i ]; do shift; done
[ -e "${folder}/$2" ] || { echo "tcpdump: $2: No such device exists" >&2; exit 1; }
exec cat "${folder}/$2"
`,
  );
  chmodSync(script, 0o755);
});

/** Frames, each so many microseconds after the first. */
function put(name: string, frames: readonly { readonly bytes: Uint8Array; readonly micros: number }[]): void {
  const start = Math.floor(Date.now() / 1000);
  const records = frames.map(({ bytes, micros }) => ({ bytes, seconds: start, fraction: micros * 1000 }));
  writeFileSync(join(folder, name), pcap(records, { magic: NANO }));
}

function sniff(...args: string[]) {
  const options = ['--backend', 'tcpdump', '--filter', '', '--answer-timeout', '300ms'];
  return runCommand(['sniff', ...args, ...options], {
    env: { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` },
  });
}

describe('sniff on several interfaces', () => {
  it('has one report of both ports of a tap, which has a direction each', async () => {
    const pairs = Array.from({ length: 300 }, (_, each) => refusal(each));
    put(
      'left',
      pairs.map(([syn], each) => ({ bytes: syn!, micros: each * 100 })),
    );
    put(
      'right',
      pairs.map(([, reset], each) => ({ bytes: reset!, micros: each * 100 + 40 })),
    );
    for (const names of [
      ['left', 'right'],
      ['right', 'left'],
    ]) {
      const { status, stdout, stderr } = await sniff(...names, '-f', 'json');
      const report = JSON.parse(stdout) as AnalysisReport;
      expect([status, report.inputs.length, report.inputs[0]!.name]).toEqual([1, 1, names.join(', ')]);
      expect(report.inputs[0]!.frames).toBe(600);
      expect(report.summary.portZero).toMatchObject({ total: 300, refused: 300, unsolicited: 0 });
      expect(report.exchanges[0]!.frames.all).toEqual([1, 2]);
      expect(report.exchanges[0]!.latencyMs).toBe(0.04);
      for (const name of names) expect(stderr).toContain(`sniffing on ${name} (EN10MB) with tcpdump`);
    }
  });

  it('goes on without one that is lost, tells it at once, and is not complete', async () => {
    put(
      'left',
      refusal(1).map((bytes, each) => ({ bytes, micros: each })),
    );
    const { status, stdout, stderr } = await sniff('left', 'none', '-f', 'json');
    const { inputs, summary } = JSON.parse(stdout) as AnalysisReport;
    expect(status).toBe(2);
    expect(inputs[0]!.complete).toBe(false);
    expect(inputs[0]!.problems.map(({ code }) => code)).toEqual(['no-interface']);
    expect(summary.portZero.refused).toBe(1);
    expect(stderr).toContain('none is no interface of this machine');
  });

  it('ends after --count frames of all', async () => {
    for (const name of ['left', 'right'])
      put(
        name,
        refusal(name.length).map((bytes, each) => ({ bytes, micros: each })),
      );
    const { stdout } = await sniff('left', 'right', '--count', '3', '-f', 'json');
    expect((JSON.parse(stdout) as AnalysisReport).inputs[0]!.frames).toBe(3);
  });

  it('keeps evidence with the interface that each frame came by', async () => {
    const [syn, reset] = refusal(5);
    put('left', [{ bytes: syn!, micros: 0 }]);
    put('right', [{ bytes: reset!, micros: 9 }]);
    const path = join(folder, 'evidence.pcapng');
    await sniff('left', 'right', '-w', path);
    const { stdout } = await runCommand(['analyze', path, '-f', 'json']);
    expect((JSON.parse(stdout) as AnalysisReport).summary.portZero.refused).toBe(1);
  });

  it('takes no other interface beside any', async () => {
    const { status, stderr } = await sniff('any', 'left');
    expect([status, stderr]).toEqual([2, expect.stringContaining('any is all interfaces already')]);
  });
});

describe('frames that wait', () => {
  it('come out as they went in, whatever the order of putting and taking', () => {
    const held = new HeldFrames();
    const frame = new Frame();
    let [put, taken] = [0, 0];
    const push = () => {
      frame.bytes = Uint8Array.from({ length: 20 + (put % 300) }, (_, at) => (at + put) & 255);
      Object.assign(frame, {
        offset: 3,
        capturedLength: frame.bytes.length - 3,
        wireLength: 1500 + put,
        seconds: 2 ** 33 + put,
      });
      Object.assign(frame, { nanos: put, linkType: 113, interfaceIndex: put % 4, timeDigits: 9, direction: 2 });
      held.push(frame, put++);
    };
    const shift = () =>
      held.shift((it) => {
        expect([it.wireLength, it.seconds, it.nanos, it.linkType]).toEqual([1500 + taken, 2 ** 33 + taken, taken, 113]);
        expect([it.interfaceIndex, it.timeDigits, it.direction]).toEqual([taken % 4, 9, 2]);
        const bytes = it.bytes.subarray(it.offset, it.offset + it.capturedLength);
        expect([bytes.length, bytes[0], bytes.at(-1)]).toEqual([
          17 + (taken % 300),
          (3 + taken) & 255,
          (19 + (taken % 300) + taken) & 255,
        ]);
        taken++;
      });
    for (const [pushes, shifts] of [
      [10, 3],
      [2000, 1900],
      [5000, 0],
      [0, 5107],
      [10, 10],
      [9000, 8999],
      [50, 51],
    ]) {
      for (let each = 0; each < pushes!; each++) push();
      for (let each = 0; each < shifts!; each++) shift();
    }
    expect([taken, held.length]).toEqual([put, 0]);
  });
});
