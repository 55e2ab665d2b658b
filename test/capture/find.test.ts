import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCaptures } from '../../src/capture/find.ts';
import { payload, pcap, pcapngBlocks } from '../support/capture-builder.ts';

const small = pcap([{ bytes: payload(60) }]);
let folder: string;
const place = (...names: string[]) => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portzero-find-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('findCaptures', () => {
  it('finds every capture below a directory, by content, sorted by path', async () => {
    mkdirSync(place('b', 'deep'), { recursive: true });
    writeFileSync(place('b', 'deep', 'no-ending'), pcapngBlocks('big').section());
    writeFileSync(place('b', 'notes.pcap'), 'not a capture at all');
    writeFileSync(place('b', 'log.gz'), gzipSync('a compressed log file, not a capture'));
    writeFileSync(place('c.gz'), gzipSync(small));
    writeFileSync(place('a.bin'), small);
    writeFileSync(place('empty.pcap'), '');
    writeFileSync(place('broken.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 7, 7, 7]));
    expect(await findCaptures([folder])).toEqual({
      inputs: [place('a.bin'), place('b', 'deep', 'no-ending'), place('c.gz')],
      problems: [],
    });
  });

  it('passes on what is named, in the order given', async () => {
    writeFileSync(place('x.pcap'), small);
    writeFileSync(place('text'), 'not a capture');
    const paths = ['-', place('text'), place('missing'), place('x.pcap')];
    expect(await findCaptures([...paths, folder])).toEqual({ inputs: [...paths, place('x.pcap')], problems: [] });
  });

  it('says that a directory holds none', async () => {
    writeFileSync(place('text'), 'not a capture');
    expect(await findCaptures([folder])).toEqual({
      inputs: [],
      problems: [
        {
          code: 'no-captures',
          offset: null,
          frame: null,
          message: `${folder}: no captures in this directory, expected pcap or pcapng files`,
        },
      ],
    });
  });

  it('follows links, takes each file once, and is not caught in a loop', async () => {
    mkdirSync(place('d'));
    writeFileSync(place('d', 'x.pcap'), small);
    symlinkSync(place('d', 'x.pcap'), place('d', 'y.pcap'));
    symlinkSync(folder, place('d', 'loop'));
    symlinkSync(place('nowhere'), place('dangling'));
    symlinkSync(place('self'), place('self'));
    const { inputs, problems } = await findCaptures([folder]);
    expect(inputs).toEqual([place('d', 'x.pcap')]);
    expect(problems).toMatchObject([
      { code: 'unreadable', message: expect.stringMatching(/self: cannot be read: ELOOP/) },
    ]);
  });
});
