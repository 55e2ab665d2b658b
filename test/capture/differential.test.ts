import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { join, MODIFIED, NANO, type Option, payload, pcap, pcapngBlocks } from '../support/capture-builder.ts';
import { readBytes } from '../support/read-capture.ts';
import { describeWith } from '../support/tools.ts';

const folder = mkdtempSync(joinPath(tmpdir(), 'portzero-differential-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** number, time, captured length, length on the wire: of every frame that tshark reads. */
function readByTshark(bytes: Uint8Array): { rows: string[][]; isDamaged: boolean } {
  const path = joinPath(folder, 'capture');
  writeFileSync(path, bytes);
  const fields = ['frame.number', 'frame.time_epoch', 'frame.cap_len', 'frame.len'];
  const args = ['-n', '-r', path, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  const { stdout, status } = spawnSync('tshark', args, { encoding: 'utf8' });
  const rows =
    stdout === ''
      ? []
      : stdout
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => line.split('\t'));
  return { rows, isDamaged: status !== 0 };
}

async function readByUs(bytes: Uint8Array): Promise<{ rows: string[][]; isDamaged: boolean }> {
  const { frames, problems, error } = await readBytes(bytes);
  const rows = frames.map(({ number, seconds, nanos, hex, wireLength }) => [
    String(number),
    `${seconds}.${String(nanos).padStart(9, '0')}`,
    String(hex.length / 2),
    String(wireLength),
  ]);
  return { rows, isDamaged: error !== null || problems.length > 0 };
}

/** tshark prints these beside the packets; we give them a number and no more. */
async function expectSame(bytes: Uint8Array, without: readonly string[] = []): Promise<void> {
  const theirs = readByTshark(bytes);
  expect(theirs.rows.length).toBeGreaterThan(0);
  const rows = theirs.rows.filter(([number]) => !without.includes(number!));
  expect(await readByUs(bytes)).toEqual({ ...theirs, rows });
}

const records = (unit: number) =>
  Array.from({ length: 60 }, (_, i) => ({
    seconds: (i * 71_582_788) % 4_294_967_296,
    fraction: (i * 987_654_321) % unit,
    bytes: payload((i * 37) % 300, i),
    wireLength: ((i * 37) % 300) + (i % 4) * 100,
  }));

describeWith(['tshark'], 'tshark reads the same', () => {
  for (const endian of ['little', 'big'] as const) {
    it(`from classic pcap of every kind, ${endian}-endian`, async () => {
      await expectSame(pcap(records(1_000_000), { endian }));
      await expectSame(pcap(records(1_000_000_000), { endian, magic: NANO }));
      await expectSame(pcap(records(1_000_000), { endian, magic: MODIFIED }));
      await expectSame(pcap(records(1_000_000), { endian, linkType: 0x2400_0001 }));
    });

    it(`from pcapng with every kind of block, ${endian}-endian`, async () => {
      const b = pcapngBlocks(endian);
      const options = (...list: Option[]) => ({ options: list });
      const body = Array.from({ length: 40 }, (_, i) => {
        const time = 1_700_000_000_123_456n + BigInt(i) * 999_999_937n;
        const bytes = payload((i * 37) % 300, i);
        const common = { interfaceId: i % 3, time, bytes, wireLength: bytes.length + (i % 5) * 10 };
        if (i % 7 === 3) return b.obsolete({ ...common, drops: 2 });
        if (i % 7 === 5) return join(b.nameResolution(), b.statistics(options([5, b.u64(7n)])), b.enhanced(common));
        return b.enhanced({ ...common, ...(i % 2 === 0 ? {} : options([2, b.u32(1)], [4, b.u64(1n)])) });
      });
      const head = [
        b.section(),
        b.interface(),
        b.interface({ snapLength: 96, ...options([9, [9]]) }),
        b.interface(options([9, [3]], [14, b.u64(1000n)], [2, payload(5)])),
      ];
      await expectSame(join(...head, ...body));
    });
  }

  it('from sections that change byte order and interfaces', async () => {
    const [little, big] = [pcapngBlocks('little'), pcapngBlocks('big')];
    const one = { time: 1_700_000_000_123_456n, bytes: payload(60) };
    await expectSame(
      join(
        little.section(),
        little.interface(),
        little.enhanced(one),
        big.section({ options: [[4, payload(3)]] }),
        big.interface({ options: [[9, [9]]] }),
        big.enhanced({ ...one, time: 1_700_000_000_123_456_789n }),
        little.section({ minor: 2 }),
        little.interface(),
        little.enhanced(one),
      ),
    );
  });

  it('and numbers the same, where records that are no packets count', async () => {
    const b = pcapngBlocks();
    const packet = (time: bigint) => b.enhanced({ time, bytes: payload(60) });
    await expectSame(
      join(
        b.section(),
        b.interface(),
        packet(1n),
        b.journal('__REALTIME_TIMESTAMP=1234567890\nA=b\nMESSAGE=xyz\n\n'),
        packet(2n),
        b.custom(payload(40)),
        packet(3n),
        b.secrets('CLIENT_RANDOM 00 11'),
        b.block(0x4000_0bad, join(b.u32(32473), payload(16))),
        packet(4n),
        ...[0x204, 0x216, 0x221, 0x208, 0x217, 0x777].flatMap((type) => [b.block(type, payload(60)), packet(5n)]),
      ),
      ['2', '4', '6', '8', '10', '12'],
    );
  });

  it('up to the same damage', async () => {
    const b = pcapngBlocks();
    const packet = b.enhanced({ time: 1n, bytes: payload(60) });
    const head = join(b.section(), b.interface(), packet);
    await expectSame(pcap(records(1_000_000)).subarray(0, -1));
    await expectSame(
      pcap([{ bytes: payload(9) }, { bytes: payload(9), capturedLength: 300_000 }, { bytes: payload(9) }]),
    );
    for (const bad of [
      packet.subarray(0, -1),
      b.block(6, payload(40), undefined, 99),
      b.block(0x77, payload(40), undefined, 99),
      b.block(6, payload(8)),
      b.enhanced({ interfaceId: 7, bytes: payload(8) }),
      b.enhanced({ bytes: payload(8), capturedLength: 99 }),
      b.simple({ bytes: payload(8), wireLength: 99 }),
      b.section({ major: 2 }),
      b.block(5, join(b.u32(0), b.u64(0n), b.u16(5), b.u16(100))),
    ]) {
      await expectSame(join(head, bad, packet));
    }
  });
});
