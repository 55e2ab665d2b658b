import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzeSource } from '../../src/analysis/analyze-source.ts';
import { distilCapture } from '../../src/analysis/distil.ts';
import { mergeShards } from '../../src/analysis/merge.ts';
import { openCaptureStream } from '../../src/capture/open.ts';
import { defaultConfig } from '../../src/config/defaults.ts';
import { formatHead, parseHead, type ShardHead } from '../../src/shard/head.ts';
import { closeShard, shardFile } from '../../src/shard/open-shard.ts';
import { compareNames, comparePlaces, seriesByName } from '../../src/shard/series.ts';
import { readTicks, TickWriter } from '../../src/shard/ticks.ts';
import { fixture, runCommand } from '../support/command.ts';
import { inFolder, settings } from '../support/distil.ts';
import { describeWith } from '../support/tools.ts';

const REFUSED = fixture('closed/connect-ipv4.pcap');
const ACCEPTED = fixture('accepted/redirect-ipv4.pcap');
const QUIET = fixture('ordinary/closed-port.pcap');
const { decoder, answerTimeoutNanos } = defaultConfig();
const options = (directory: string) => ({ directory, decoder, answerTimeoutNanos, maxExchanges: 1000 });

async function headOf(path: string): Promise<ShardHead> {
  const { head, frames } = await shardFile(path).open();
  await closeShard(frames);
  return head;
}

describe('a shard', () => {
  it('has no frame of a capture without port 0, and counts all', async () => {
    await inFolder(async (folder) => {
      const { path } = await distilCapture(QUIET, options(folder));
      const head = await headOf(path!);
      expect(head).toMatchObject({
        kept: 0,
        numbers: 2,
        counted: { frames: 2, tcpSegments: 2, exchanges: { refused: 1 } },
      });
    });
  });

  it('is there once for a version of a file, and not read again', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'a.pcap');
      writeFileSync(file, readFileSync(REFUSED));
      const first = await distilCapture(file, options(join(folder, 's')));
      const again = await distilCapture(file, options(join(folder, 's')));
      expect([first.isOld, again.isOld, again.path]).toEqual([false, true, first.path]);
      utimesSync(file, 1, 1);
      const touched = await distilCapture(file, options(join(folder, 's')));
      expect(touched.isOld).toBe(false);
      expect(touched.path).not.toBe(first.path);
      const merge = { shards: join(folder, 's') };
      const { stdout, stderr } = await runCommand(['merge', merge.shards, '-f', 'json']);
      expect(JSON.parse(stdout).summary.portZero.total).toBe(1);
      expect(stderr).toContain('passed over, there is a newer distillate of');
    });
  });

  it('is made of a stream that somebody has opened, each time another', async () => {
    await inFolder(async (folder) => {
      const open = () => openCaptureStream('bucket/a.pcap', Readable.from([readFileSync(ACCEPTED)]));
      const made = await distilCapture({ name: 'bucket/a.pcap', open }, options(folder));
      const head = await headOf(made.path!);
      expect(head).toMatchObject({ kept: 10, numbers: 10, origin: { name: 'bucket/a.pcap', size: null } });
      expect(head.start).not.toBeNull();
      const other = await distilCapture({ name: 'bucket/a.pcap', open }, options(folder));
      expect(other.path).not.toBe(made.path);
    });
  });

  it('leaves nothing but itself in its folder', async () => {
    await inFolder(async (folder) => {
      await distilCapture(ACCEPTED, options(folder));
      await distilCapture(join(folder, 'nothing.pcap'), options(folder));
      expect(readdirSync(folder)).toHaveLength(1);
    });
  });

  describeWith(['tshark'], 'in Wireshark', () => {
    it('holds the frames with the numbers that they have in the capture', async () => {
      await inFolder(async (folder) => {
        const { path } = await distilCapture(ACCEPTED, options(folder));
        const fields = execFileSync(
          'tshark',
          ['-r', path!, '-T', 'fields', '-e', 'tcp.port', '-e', 'frame.packet_id'],
          {
            encoding: 'utf8',
          },
        );
        const rows = fields.trim().split('\n');
        expect(rows.length).toBeGreaterThan(1);
        for (const row of rows) expect(row).toMatch(/\b0\b.*\t\d+$/);
      });
    });
  });
});

describe('frame numbers', () => {
  it.each([2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 33 + 5])('go on behind %d', async (before) => {
    await inFolder(async (folder) => {
      const { path } = await distilCapture(ACCEPTED, options(folder));
      const shard = shardFile(path!);
      const open = async () => {
        const { head, frames } = await shard.open();
        return { head, frames };
      };
      // A capture before it that has so many frames, none of which was kept.
      const empty = async () => {
        const { head, frames } = await shard.open();
        await closeShard(frames);
        const nothing = { ...frames, name: 'before', problems: [], run: async () => {} };
        const counted = { ...head.counted, frames: before, first: null, last: null };
        const start = [0, 0] as const;
        return {
          head: {
            ...head,
            key: 'b',
            origin: { ...head.origin, uri: '/a/0' },
            numbers: before,
            kept: 0,
            counted,
            start,
            ticks: [],
          },
          frames: nothing,
        };
      };
      const inputs = await mergeShards(
        [
          {
            name: 'after',
            bytes: 1,
            open: async () => ({
              ...(await open()),
              head: { ...(await open()).head, origin: { ...(await headOf(path!)).origin, uri: '/a/1' } },
            }),
          },
          { name: 'before', bytes: 1, open: empty },
        ],
        { decoder, seriesOf: seriesByName },
      );
      expect(inputs).toHaveLength(1);
      const [input] = inputs;
      if (!('paths' in input!)) throw new Error('no input');
      const result = await analyzeSource(await input.open!(), { settings, input: 0 });
      const [exchange] = result.exchanges;
      expect(exchange!.frames.all).toEqual(Array.from({ length: 10 }, (_, index) => before + index + 1));
      expect(exchange!.frames.probe).toBe(before + 1);
      expect(exchange!.frames.answer).toBe(before + 2);
      expect(exchange!.evidence.probe!).toBeDefined();
      expect(result.summary.frames).toBe(before + 10);
      const all = result.findings.flatMap(({ frames }) => frames);
      expect(Math.min(...all)).toBeGreaterThan(before);
    });
  });
});

describe('the command', () => {
  const run = (args: readonly string[], cwd: string) => runCommand(args, { cwd });

  it('merges what it has distilled, with the exit status of analyze', async () => {
    await inFolder(async (folder) => {
      expect(await run(['distil', REFUSED, QUIET, '-o', 's'], folder)).toMatchObject({
        status: 0,
        stdout: '',
        stderr: expect.stringContaining('2 captures distilled; '),
      });
      const merge = await run(['merge', 's'], folder);
      expect(merge).toMatchObject({ status: 1, stderr: '' });
      expect(merge.stdout).toContain('from 2 distillates: exchanges without port 0 are counted in each');
      expect((await run(['merge', 's', '--fail-on', 'never'], folder)).status).toBe(0);
      const report = await run(['merge', 's', '-q', '-r', 'e.pcapng', '-r', 'r.html', '-f', 'ndjson'], folder);
      expect(report.status).toBe(1);
      expect((await run([join(folder, 'e.pcapng'), '-q', '-f', 'json'], folder)).stdout).toContain('"refused": 1');
      expect(readFileSync(join(folder, 'r.html'), 'utf8')).toContain('from 1 distillate');
    });
  });

  it('says in one line, with status 2, what cannot be done', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'any.yaml'), 'rules:\n  invalid-reset: [warning, { ports: any }]\n');
      writeFileSync(
        join(folder, 'expect.yaml'),
        'expect:\n  - { name: web, to: "10.0.0.1:80", verdict: [accepted] }\n',
      );
      writeFileSync(join(folder, 'merged.yaml'), 'decoder:\n  mergeScopes: true\n');
      writeFileSync(join(folder, 'text.pcap'), 'no capture');
      await run(['distil', REFUSED, '-o', 's'], folder);
      const shard = join(folder, 's', readdirSync(join(folder, 's'))[0]!);
      const cases: [args: string[], text: RegExp][] = [
        [['merge', 's', '--exchanges', 'all'], /--exchanges all .*use analyze --join/],
        [['merge', 's', '-c', 'any.yaml'], /invalid-reset with ports: any .*use analyze --join/],
        [['merge', 's', '-c', 'expect.yaml'], /"web" on port 80 .*use analyze --join/],
        [['merge', 's', '-c', 'merged.yaml'], /other options of the decoder/],
        [['merge', 's', '--series', '('], /--series \(: Invalid regular expression/],
        [['merge', 'none'], /^portzero: none: no such file/],
        [['merge', '.', '--series', 'x', '-r', shard.replace('.pcapng', '.pcapng')], /--report/],
        [['merge'], /Not enough/],
        [['distil', REFUSED], /--output DIR/],
        [['distil', REFUSED, '-o', 'any.yaml'], /cannot write into .*any\.yaml/],
        [['distil', 'none.pcap', '-o', 's'], /none\.pcap: no such file/],
      ];
      for (const [args, text] of cases) {
        const { status, stderr } = await run(args, folder);
        expect(status, args.join(' ')).toBe(2);
        expect(stderr, args.join(' ')).toMatch(text);
        expect(
          stderr
            .trim()
            .split('\n')
            .filter((line) => !/captures? distilled/.test(line)),
          args.join(' '),
        ).toHaveLength(1);
      }
      const [status, stdout] = [
        (await run(['merge', REFUSED], folder)).status,
        (await run(['merge', REFUSED], folder)).stdout,
      ];
      expect([status, stdout]).toEqual([2, expect.stringMatching(/no\s+distillate/)]);
    });
  });

  it('tells of a damaged capture, and of what is no capture, when it is distilled and when it is merged', async () => {
    await inFolder(async (folder) => {
      const whole = readFileSync(ACCEPTED);
      writeFileSync(join(folder, 'cut.pcap'), whole.subarray(0, whole.length - 7));
      writeFileSync(join(folder, 'text.pcap'), 'no capture');
      const distil = await run(['distil', 'cut.pcap', 'text.pcap', '-o', 's'], folder);
      expect(distil.status).toBe(2);
      expect(distil.stderr).toContain('cut.pcap: frame 10 at byte');
      expect(distil.stderr).toContain('text.pcap: not a capture');
      const merge = await run(['merge', 's', '-f', 'json'], folder);
      expect(merge.status).toBe(2);
      const { inputs, summary } = JSON.parse(merge.stdout);
      expect(
        inputs.flatMap(({ problems }: { problems: { code: string }[] }) => problems.map(({ code }) => code)).sort(),
      ).toEqual(['truncated-record', 'unknown-format']);
      expect(summary.portZero.accepted).toBe(1);
    });
  });

  it('tells of a shard that is cut, and reports what there is', async () => {
    await inFolder(async (folder) => {
      await run(['distil', ACCEPTED, '-o', 's'], folder);
      const shard = join(folder, 's', readdirSync(join(folder, 's'))[0]!);
      truncateSync(shard, statSync(shard).size - 300);
      const { status, stdout, stderr } = await run(['merge', 's', '-f', 'json'], folder);
      expect(status).toBe(2);
      expect(stderr).toContain('cut short');
      expect(JSON.parse(stdout).summary.portZero.accepted).toBe(1);
      expect(existsSync(shard)).toBe(true);
    });
  });

  it('takes no flag of other commands', async () => {
    await inFolder(async (folder) => {
      expect((await run(['merge', 's', '--join'], folder)).stderr).toContain('join');
      expect((await run(['merge', 's', '--join'], folder)).status).toBe(2);
    });
  });
});

describe('the head', () => {
  it('is the same behind comments of any length, whatever its text', async () => {
    await inFolder(async (folder) => {
      const { path } = await distilCapture(REFUSED, options(folder));
      const head = await headOf(path!);
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 4, max: 300 }), (name, most) => {
          const changed = { ...head, origin: { ...head.origin, name } };
          const comments = formatHead(changed, most);
          expect(comments.every((text) => Buffer.byteLength(text) <= most)).toBe(true);
          expect(parseHead(comments, 't')).toMatchObject(changed);
        }),
      );
    });
  });

  it.each([
    ['no JSON', ['{']],
    ['JSON of something else', ['[1]']],
    ['another version', [JSON.stringify({ portzero: 'distillate', version: 99 })]],
    ['half of what it should have', [JSON.stringify({ portzero: 'distillate', version: 1, key: 'a' })]],
    ['nothing', []],
  ])('is refused with %s', (_, comments) => {
    expect(() => parseHead(comments, 'x.pcapng')).toThrow(/^x\.pcapng: /);
  });
});

describe('times between frames', () => {
  it('come out as they went in', () => {
    const groups = fc.array(
      fc.tuple(fc.nat(5), fc.array(fc.integer({ min: -1e15, max: 2e18 }), { minLength: 1, maxLength: 4 })),
    );
    fc.assert(
      fc.property(groups, (given) => {
        const writer = new TickWriter();
        let before = -1;
        const expected = given.map(([more, nanos]) => {
          before += 1 + more;
          // As the clock has them.
          const times = nanos.map((time) => Math.floor(time / 1e9) * 1e9 + Math.round((time % 1e9) / 512) * 512);
          for (const time of times) writer.add(before, time);
          return { before, nanos: times };
        });
        expect([...readTicks(JSON.parse(JSON.stringify(writer.numbers)))]).toEqual(expected);
      }),
    );
  });
});

describe('the order of captures', () => {
  it('takes numbers in names for numbers', () => {
    const names = ['r/a.pcap10', 'r/a.pcap2', 'r/a.pcap', 'r/b1', 'r/a.pcap02', 'q/z'];
    expect([...names].sort(compareNames)).toEqual(['q/z', 'r/a.pcap', 'r/a.pcap02', 'r/a.pcap2', 'r/a.pcap10', 'r/b1']);
  });

  it('is by time first, without frames last', () => {
    const place = (uri: string, start: readonly [number, number] | null) => ({ uri, start, key: uri });
    const places = [place('a', null), place('b', [5, 1]), place('c', [5, 0]), place('d', [4, 9]), place('e', [5, 0])];
    expect(places.sort(comparePlaces).map(({ uri }) => uri)).toEqual(['d', 'c', 'e', 'b', 'a']);
  });
});
