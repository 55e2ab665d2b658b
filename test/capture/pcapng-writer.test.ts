import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PcapngWriter } from '../../src/capture/format/pcapng-writer.ts';
import { openCapture } from '../../src/capture/open.ts';
import type { CaptureInterface } from '../../src/capture/source.ts';
import { payload } from '../support/capture-builder.ts';
import { collect, readBytes } from '../support/read-capture.ts';
import { describeWith } from '../support/tools.ts';

const folder = mkdtempSync(joinPath(tmpdir(), 'portzero-writer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => joinPath(folder, name);

const ethernet: CaptureInterface = { linkType: 1, snapLength: 96, timeDigits: 9, fcsLength: 0, name: 'eth0' };
const cooked: CaptureInterface = { linkType: 113, snapLength: 0, timeDigits: 6, fcsLength: 0, name: null };
const frame = (seconds: number, nanos: number, size: number, fcsLength = 0) => ({
  bytes: payload(size + 10),
  offset: 7,
  capturedLength: size,
  wireLength: size + 5,
  seconds,
  nanos,
  timeDigits: 9,
  fcsLength,
  direction: fcsLength === 0 ? 0 : 2,
});

function writeSample(path: string): void {
  const writer = new PcapngWriter(path);
  writer.write(frame(1_700_000_000, 123_456_789, 60), ethernet, 'refused (syn-to-port-zero)');
  writer.write(frame(4_294_967_295, 999_999_000, 61), cooked, 'a “comment” in UTF-8: ünï ✓');
  writer.write(frame(1_700_000_001, 1, 62, 4), ethernet);
  expect(writer.frames).toBe(3);
  writer.close();
  writer.close();
}

describe('PcapngWriter', () => {
  it('keeps interface, time, lengths and bytes', async () => {
    writeSample(place('a.pcapng'));
    const { frames, interfaces, problems } = await collect(await openCapture(place('a.pcapng')));
    expect(problems).toEqual([]);
    expect(interfaces).toEqual([ethernet, cooked]);
    const hex = (size: number) => Buffer.from(payload(size + 10).subarray(7, 7 + size)).toString('hex');
    expect(frames).toMatchObject([
      { seconds: 1_700_000_000, nanos: 123_456_789, wireLength: 65, fcsLength: 0, interfaceIndex: 0, hex: hex(60) },
      { seconds: 4_294_967_295, nanos: 999_999_000, wireLength: 66, fcsLength: 0, interfaceIndex: 1, hex: hex(61) },
      { seconds: 1_700_000_001, nanos: 1, wireLength: 67, fcsLength: 4, direction: 2, interfaceIndex: 0, hex: hex(62) },
    ]);
  });

  it('leaves a file that can be read after every write', async () => {
    const path = place('b.pcapng');
    const writer = new PcapngWriter(path);
    const read = async () => (await readBytes(readFileSync(path))).problems;
    expect(await read()).toEqual([]);
    for (let i = 0; i < 5; i++) {
      writer.write(frame(i, 0, i), i % 2 === 0 ? ethernet : cooked, 'x'.repeat(i));
      const { problems, frames } = await readBytes(readFileSync(path));
      expect(problems).toEqual([]);
      expect(frames).toHaveLength(i + 1);
    }
    writer.close();
  });

  it('cuts a comment that an option cannot hold, between characters', async () => {
    const writer = new PcapngWriter(place('c.pcapng'));
    writer.write(frame(1, 0, 3), cooked, 'ü✓'.repeat(20_000));
    writer.close();
    expect((await collect(await openCapture(place('c.pcapng')))).problems).toEqual([]);
    // 13107 times five bytes are 65535.
    expect(statSync(place('c.pcapng')).size).toBeGreaterThan(65_535);
    expect(readFileSync(place('c.pcapng'), 'utf8')).not.toContain('\ufffd\ufffd✓');
  });

  it('keeps times that the format can say, and the nearest of others', async () => {
    const writer = new PcapngWriter(place('d.pcapng'));
    writer.write(frame(-5, 500_000_000, 3), cooked);
    writer.write(frame(2 ** 45, 0, 3), ethernet);
    writer.close();
    expect((await collect(await openCapture(place('d.pcapng')))).frames).toMatchObject([
      { seconds: 0, nanos: 0 },
      { seconds: 18_446_744_073, nanos: 709_551_615 },
    ]);
  });

  it('throws what node:fs throws', () => {
    expect(() => new PcapngWriter(joinPath(folder, 'missing', 'x.pcapng'))).toThrow(/ENOENT/);
  });
});

describeWith(['tshark', 'capinfos'], 'PcapngWriter, read by Wireshark', () => {
  it('gives tshark comments, times and lengths', () => {
    writeSample(place('w.pcapng'));
    const fields = [
      'frame.number',
      'frame.time_epoch',
      'frame.cap_len',
      'frame.len',
      'frame.interface_name',
      'frame.comment',
    ];
    const args = ['-n', '-r', place('w.pcapng'), '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
    // tshark's word for an interface without a name is unknown.
    const lines = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    expect(
      lines
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => line.split('\t')),
    ).toEqual([
      ['1', '1700000000.123456789', '60', '65', 'eth0', 'refused (syn-to-port-zero)'],
      ['2', '4294967295.999999000', '61', '66', 'unknown', 'a “comment” in UTF-8: ünï ✓'],
      ['3', '1700000001.000000001', '62', '67', 'eth0', ''],
    ]);
  });

  it('gives capinfos the application and the interfaces', () => {
    writeSample(place('w.pcapng'));
    const text = execFileSync('capinfos', [place('w.pcapng')], { encoding: 'utf8' });
    expect(text).toMatch(/Capture application:\s+portzero/);
    expect(text).toMatch(/Number of packets:\s+3\n/);
    expect(text).toMatch(/Name = eth0/);
    expect(text).toMatch(/Encapsulation = Linux cooked-mode capture v1/);
    expect(text).toMatch(/Time precision = nanoseconds \(9\)/);
    expect(text).toMatch(/Capture length = 96/);
  });

  it('is read by tshark when cut anywhere between blocks', () => {
    const bytes = readFileSync(place('w.pcapng'));
    writeFileSync(place('cut.pcapng'), bytes.subarray(0, bytes.length - 100));
    // Not a whole block: tshark says so, and reads what is before it.
    const args = ['-r', place('cut.pcapng'), '-T', 'fields', '-e', 'frame.number'];
    expect(() => execFileSync('tshark', args, { stdio: ['ignore', 'pipe', 'pipe'] })).toThrow(/cut short/);
  });
});
