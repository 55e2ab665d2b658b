import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { PassThrough } from 'node:stream';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError } from '../../src/capture/errors.ts';
import { openCapture, openCaptureStream } from '../../src/capture/open.ts';
import { join, payload, pcap, pcapngBlocks } from '../support/capture-builder.ts';
import { collect, memorySource, readBytes, readSource } from '../support/read-capture.ts';
import { describeWith } from '../support/tools.ts';

const folder = mkdtempSync(joinPath(tmpdir(), 'portzero-open-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => joinPath(folder, name);
function file(name: string, bytes: Uint8Array | string): string {
  writeFileSync(place(name), bytes);
  return place(name);
}

/** Frames that do not compress to nothing, so that damage can hit any of them. */
const noise = (size: number, seed: number) => {
  let state = seed * 2654435761 + 1;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
};
const small = pcap([
  { seconds: 1, bytes: payload(60) },
  { seconds: 2, bytes: payload(50, 1) },
]);
const large = pcap(Array.from({ length: 400 }, (_, i) => ({ seconds: i, bytes: noise(1000, i) })));
const b = pcapngBlocks('big');
const ng = join(b.section(), b.interface(), b.enhanced({ bytes: payload(60) }), b.enhanced({ bytes: payload(50, 1) }));

async function failure(open: Promise<unknown>): Promise<CaptureError> {
  const error = await open.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(CaptureError);
  return error;
}

describe('files', () => {
  it('are told by content, not by name', async () => {
    for (const [name, bytes, format, compression] of [
      ['a.txt', small, 'pcap', null],
      ['a.pcap', ng, 'pcapng', null],
      ['b.pcap', gzipSync(ng), 'pcapng', 'gzip'],
      ['b.gz', small, 'pcap', null],
    ] as const) {
      const source = await openCapture(file(name, bytes));
      expect([source.format, source.compression, source.name]).toEqual([format, compression, place(name)]);
      expect(source.totalBytes).toBe(bytes.length);
      const { frames, problems } = await collect(source);
      expect(problems).toEqual([]);
      expect(frames).toHaveLength(2);
      expect(source.bytesRead).toBe(bytes.length);
    }
  });

  it('that cannot be opened say why', async () => {
    const cases = [
      [place('missing.pcap'), 'not-found', /missing\.pcap: no such file/],
      [joinPath(file('plain', 'x'), 'below'), 'not-found', /no such file/],
      [folder, 'unreadable', /is a directory/],
      [file('empty', ''), 'empty-file', /empty: empty, expected pcap or pcapng/],
      [file('void.gz', gzipSync('')), 'empty-file', /void\.gz: empty/],
      [file('three', small.subarray(0, 3)), 'truncated-header', /3 of the 24 bytes/],
      [file('head', small.subarray(0, 23)), 'truncated-header', /23 of the 24 bytes/],
      [file('head.gz', gzipSync(small.subarray(0, 23))), 'truncated-header', /23 of the 24 bytes/],
      [file('section', ng.subarray(0, 20)), 'truncated-header', /20 of the 28 bytes/],
    ] as const;
    for (const [path, code, words] of cases) {
      const error = await failure(openCapture(path));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(words);
    }
  });

  it('of other formats are named', async () => {
    const cases: [string, Uint8Array | string, RegExp][] = [
      ['text', 'No.     Time           Source', /looks like text/],
      ['short', 'hello', /looks like text/],
      ['snoop', 'snoop\0\0\0\0\0\0\x02\0\0\0\x04more bytes', /a snoop capture/],
      ['netmon', 'GMBU\0\0\0\0', /Microsoft Network Monitor 2/],
      ['xz', Buffer.from('fd377a585a000004', 'hex'), /looks like xz/],
      ['bzip2', 'BZh91AY&SY', /looks like bzip2/],
      ['lz4', Buffer.from('04224d18644070b9', 'hex'), /looks like lz4/],
      ['zip', Buffer.from('504b030414000000', 'hex'), /a zip archive/],
      ['zeros', new Uint8Array(100), /nothing but zero bytes/],
      ['json', '{"a":1,"b":2,"c":"long enough"}', /JSON text/],
      ['noise', Buffer.from('9e01ff8000fe77aa01020304', 'hex'), /nothing that is known here/],
      ['double.gz', gzipSync(gzipSync(small)), /gzip inside of compressed data/],
      ['text.gz', gzipSync('a log file, compressed by logrotate'), /looks like text/],
    ];
    for (const [name, bytes, words] of cases) {
      const error = await failure(openCapture(file(name, bytes)));
      expect(error.code).toBe('unknown-format');
      expect(error.message).toMatch(/not a capture: expected pcap or pcapng, this looks like/);
      expect(error.message).toMatch(words);
    }
  });

  it('that hold ERF records are named', async () => {
    // Time stamp, type 2 (Ethernet), flags, record length 80, loss counter, wire length 60.
    const erf = join([0, 0, 0, 0x80], [0, 0xf1, 0x53, 0x65], [2, 4, 0, 80, 0, 0, 0, 60], payload(64));
    expect((await failure(openCapture(file('erf', erf)))).message).toMatch(/an ERF capture/);
  });

  it('end early when the signal fires', async () => {
    const source = await openCapture(file('large.pcap', large), { bufferLength: 4096 });
    const stop = new AbortController();
    let frames = 0;
    await source.run(() => ++frames === 10 && stop.abort(), { signal: stop.signal });
    expect(source.problems).toEqual([]);
    expect(frames).toBeGreaterThanOrEqual(10);
    expect(frames).toBeLessThan(20);
  });

  it('pass on what a frame handler throws', async () => {
    const source = await openCapture(file('small.pcap', small));
    const thrown = Object.assign(new Error('no space'), { syscall: 'write' });
    const run = source.run(() => {
      throw thrown;
    });
    await expect(run).rejects.toBe(thrown);
  });

  it('larger than the buffer let the event loop turn', async () => {
    const source = await openCapture(place('large.pcap'), { bufferLength: 2000 });
    let pauses = 0;
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await source.run(
      () => {
        const until = performance.now() + 0.5;
        while (performance.now() < until);
      },
      {
        onPause: (same) => {
          expect(same).toBe(source);
          pauses++;
        },
      },
    );
    clearInterval(timer);
    expect(pauses).toBeGreaterThan(0);
    expect(turns).toBeGreaterThan(0);
  });
});

describe('gzip', () => {
  const packed = gzipSync(large);
  it('of several members is read to the end', async () => {
    const members = [large.subarray(0, 5000), large.subarray(5000, 5001), large.subarray(5001)].map((m) => gzipSync(m));
    for (const sizes of [[1 << 20], [100], [7, 1000, 3]]) {
      const { frames, problems } = await readBytes(join(...members), sizes, true);
      expect(problems).toEqual([]);
      expect(frames).toHaveLength(400);
    }
  });

  it('may be padded with zeros', async () => {
    expect((await readBytes(join(gzipSync(small), new Uint8Array(500)))).problems).toEqual([]);
  });

  it('may be read byte by byte', async () => {
    const { frames, problems } = await readBytes(gzipSync(small), [1], true);
    expect(problems).toEqual([]);
    expect(frames).toHaveLength(2);
  });

  it('keeps every frame before a cut', async () => {
    for (const length of [packed.length - 1, packed.length - 9, 300_000, 200_000, 100_000, 2000]) {
      const { frames, problems } = await readBytes(packed.subarray(0, length));
      expect(problems).toMatchObject([{ code: 'bad-compression' }]);
      expect(problems[0]!.message).toMatch(/gzip data end too early: the file was cut/);
      // Noise does not compress: nearly as many bytes come out as go in.
      expect(frames.length).toBe(Math.min(400, problems[0]!.frame! - 1));
      expect(frames.length).toBeGreaterThanOrEqual(Math.floor((length - 24 - 400) / 1016) - 1);
    }
  });

  it('keeps every frame before damage', async () => {
    // Sound blocks that end on a byte, then a block of type 3, which RFC 1951 section 3.2.3 reserves.
    for (const count of [1, 100, 399]) {
      const part = deflateRawSync(large.subarray(0, 24 + count * 1016), { finishFlush: constants.Z_SYNC_FLUSH });
      const bad = join(gzipSync('').subarray(0, 10), part, [0x07], noise(500, 1));
      for (const sizes of [[1 << 20], [1000]]) {
        const { frames, problems } = await readBytes(bad, sizes);
        expect(frames).toHaveLength(count);
        expect(problems).toMatchObject([{ code: 'bad-compression', offset: 24 + count * 1016, frame: count + 1 }]);
        expect(problems[0]!.message).toMatch(/the gzip data are damaged after byte \d+ \(invalid block type\)/);
      }
    }
  });

  it('with a wrong check sum gives all frames and says so', async () => {
    const bad = packed.slice();
    bad[bad.length - 6]! ^= 0xff;
    const { frames, problems } = await readBytes(bad);
    expect(frames).toHaveLength(400);
    expect(problems).toMatchObject([{ code: 'bad-compression', offset: large.length }]);
  });

  it('keeps every frame before garbage, and says that there is some', async () => {
    const { frames, problems } = await readBytes(join(gzipSync(small), new TextEncoder().encode('not gzip at all')));
    expect(frames).toHaveLength(2);
    expect(problems).toMatchObject([{ code: 'bad-compression', offset: small.length }]);
  });
});

describeWith(['zstd'], 'zstd', () => {
  const zstd = (bytes: Uint8Array, ...args: string[]) =>
    execFileSync('zstd', ['-q', '-c', ...args], { input: bytes, maxBuffer: 1 << 26 });

  it('is read at any level, checked or not, in one or many frames', async () => {
    for (const args of [['-1'], ['-3'], ['-19'], ['--fast=5'], ['--no-check', '-3'], ['--ultra', '-22', '--long=24']]) {
      const { frames, problems } = await readBytes(zstd(large, ...args), [3000], true);
      expect(problems).toEqual([]);
      expect(frames).toHaveLength(400);
    }
    const frames = [large.subarray(0, 5000), large.subarray(5000, 5000), large.subarray(5000)].map((f) => zstd(f));
    // A skippable frame (RFC 8878 section 3.1.2), as pzstd writes it.
    const skippable = [0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5];
    const read = await readBytes(join(skippable, frames[0]!, skippable, frames[1]!, frames[2]!, skippable), [777]);
    expect(read.problems).toEqual([]);
    expect(read.frames).toHaveLength(400);
  });

  it('gives the bytes that zstd gives', async () => {
    // Text-like data, so that literals, matches and repeated offsets all occur.
    const words = Array.from({ length: 4000 }, (_, i) => `${(i * 7919) % 997} GET /path/${i % 50} HTTP/1.1\r\n`);
    const capture = pcap(words.map((word, i) => ({ seconds: i, bytes: new TextEncoder().encode(word) })));
    const expected = await readBytes(capture);
    for (const level of ['-1', '-7', '-19']) expect(await readBytes(zstd(capture, level))).toEqual(expected);
  });

  it('is read byte by byte, and with the form that has the size in its header', async () => {
    writeFileSync(place('sized'), small);
    const sized = execFileSync('zstd', ['-q', '-c', '--content-size', place('sized')]);
    for (const bytes of [sized, zstd(small)]) {
      const { frames, problems } = await readBytes(bytes, [1], true);
      expect(problems).toEqual([]);
      expect(frames).toHaveLength(2);
    }
  });

  it('keeps every frame before a cut', async () => {
    const packed = zstd(large);
    for (let length = 20; length < packed.length; length += 9999) {
      const { frames, problems, error } = await readBytes(packed.subarray(0, length));
      const trouble = error ?? problems[0];
      expect(trouble).toMatchObject({ code: 'bad-compression' });
      expect(trouble!.message).toMatch(/zstd data end too early/);
      // Blocks are 128 KiB; what is in whole ones is there.
      expect(frames.length).toBeGreaterThanOrEqual(Math.floor((Math.floor(length / 131_200) * 131_072) / 1016) - 1);
    }
  });

  it('says what is damaged', async () => {
    const packed = zstd(small);
    const garbage = await readBytes(join(packed, [1, 2, 3, 4, 5, 6]));
    expect(garbage.frames).toHaveLength(2);
    expect(garbage.problems).toMatchObject([{ code: 'bad-compression' }]);
    // Frame header: window descriptor 0xff, which is 3.75 TiB.
    const huge = await readBytes(join([0x28, 0xb5, 0x2f, 0xfd, 0, 0xff], new Uint8Array(30)));
    expect(huge.error).toMatchObject({ code: 'bad-compression' });
    expect(huge.error!.message).toMatch(/window of 4123168604160 bytes, expected at most 134217728/);
    const dictionary = await readBytes(join([0x28, 0xb5, 0x2f, 0xfd, 1, 0x58, 7], new Uint8Array(30)));
    expect(dictionary.error!.message).toMatch(/need a dictionary/);
  });

  it('survives damage anywhere', async () => {
    const packed = zstd(pcap(Array.from({ length: 200 }, (_, i) => ({ bytes: payload(i % 90, i) }))));
    for (let at = 4; at < packed.length; at += 3) {
      const bad = Uint8Array.from(packed);
      bad[at]! ^= 0x5a;
      const { error, problems } = await readBytes(bad);
      for (const { code } of error === null ? problems : [error]) expect(code).not.toBe('unreadable');
    }
  });
});

describe('any bytes', () => {
  it('are a capture or a CaptureError', async () => {
    const starts = [small, ng, gzipSync(small), gzipSync(ng), Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), new Uint8Array(0)];
    const start = fc.tuple(fc.constantFrom(...starts), fc.nat(60)).map(([bytes, length]) => bytes.subarray(0, length));
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 100 }), async (head, rest) => {
        // Any other error would reject.
        const { error, frames } = await readBytes(join(head, rest));
        if (error !== null) expect(frames).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('pipes', () => {
  it('hand each frame over as soon as its bytes are there', async () => {
    const stream = new PassThrough();
    stream.write(small.subarray(0, 24));
    const source = await openCaptureStream('pipe', stream);
    const frames: number[] = [];
    const isRead = source.run((frame) => frames.push(frame.number));
    const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
    await turn();
    expect(frames).toEqual([]);
    stream.write(small.subarray(24, 24 + 16 + 60));
    await turn();
    expect(frames).toEqual([1]);
    stream.write(small.subarray(24 + 16 + 60, small.length - 1));
    await turn();
    expect(frames).toEqual([1]);
    stream.write(small.subarray(small.length - 1));
    await turn();
    expect(frames).toEqual([1, 2]);
    stream.end();
    await isRead;
    expect(source.problems).toEqual([]);
    expect(source.totalBytes).toBeNull();
    expect(source.bytesRead).toBe(small.length);
  });

  it('tell that time passes without frames, and can be given up', async () => {
    const stream = new PassThrough();
    stream.write(small.subarray(0, 100));
    const source = await openCaptureStream('pipe', stream);
    const stop = new AbortController();
    let pauses = 0;
    const onPause = () => {
      if (++pauses === 2) stop.abort();
    };
    await source.run(() => {}, { signal: stop.signal, onPause });
    expect(pauses).toBe(2);
    expect(source.problems).toEqual([]);
    expect(stream.destroyed).toBe(true);
  });

  it('wait until what onPause returns has settled', async () => {
    const stream = new PassThrough();
    stream.write(small.subarray(0, 100));
    const source = await openCaptureStream('pipe', stream);
    const events: string[] = [];
    const onPause = async () => {
      stream.end(small.subarray(100));
      await new Promise((resolve) => setTimeout(resolve, 150));
      events.push('paused');
    };
    await source.run((frame) => events.push(`frame ${frame.number}`), { onPause });
    expect(events.slice(0, 3)).toEqual(['frame 1', 'paused', 'frame 2']);
  });

  it('pass on what onPause throws', async () => {
    const stream = new PassThrough();
    stream.write(small.subarray(0, 100));
    const source = await openCaptureStream('pipe', stream);
    const thrown = new Error('nobody listens');
    await expect(source.run(() => {}, { onPause: () => Promise.reject(thrown) })).rejects.toBe(thrown);
  });

  it('can be given up before anything came', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    const error = await failure(openCaptureStream('pipe', new PassThrough(), { signal: stop.signal }));
    expect(error.message).toBe('pipe: stopped before a capture began');
  });

  it('that break are a problem', async () => {
    const stream = new PassThrough();
    stream.write(small.subarray(0, 100));
    const source = await openCaptureStream('pipe', stream);
    setTimeout(() => stream.destroy(new Error('the cable was cut')), 20);
    const { frames, problems } = await collect(source);
    expect(frames).toHaveLength(1);
    expect(problems).toMatchObject([{ code: 'unreadable', offset: 100 }]);
    expect(problems[0]!.message).toMatch(/the cable was cut/);
  });

  it('may be compressed', async () => {
    const stream = new PassThrough();
    stream.end(gzipSync(large));
    const { frames, problems } = await collect(await openCaptureStream('pipe', stream));
    expect(problems).toEqual([]);
    expect(frames).toHaveLength(400);
  });

  it('by name wait for their writer, and can be given up', async () => {
    const path = place('fifo');
    execFileSync('mkfifo', [path]);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    expect((await failure(openCapture(path, { signal: stop.signal }))).message).toMatch(/stopped before/);
    const writer = spawn('sh', ['-c', `sleep 0.1; cat '${place('large.pcap')}' > '${path}'`]);
    const { frames, problems } = await collect(await openCapture(path));
    await new Promise((resolve) => writer.on('close', resolve));
    expect(problems).toEqual([]);
    expect(frames).toHaveLength(400);
  });
});

describe('memory', () => {
  it('is not taken for a length that is a lie', async () => {
    // A D-Bus message may have 128 MiB, so the length is possible, but the bytes never come.
    const lie = pcap([{ bytes: payload(9), capturedLength: 128 * 1024 * 1024 }], { linkType: 231 });
    const before = process.memoryUsage().arrayBuffers;
    const { problems } = await readSource(memorySource(lie), 4096);
    expect(problems).toMatchObject([{ code: 'truncated-record' }]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });
});

describe('a file that shrinks or is replaced while it is read', () => {
  it('ends where its bytes end', async () => {
    const path = file('shrinks.pcap', large);
    const source = await openCapture(path, { bufferLength: 4096 });
    truncateSync(path, 0);
    const { problems, frames } = await collect(source);
    expect(frames.length).toBeLessThan(10);
    expect(problems).toMatchObject([{ code: 'truncated-record' }]);
  });
});
