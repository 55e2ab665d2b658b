import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { decodePath, showPath, toPath } from '../../src/capture/paths.ts';
import { fixture, runCommand } from '../support/command.ts';

describe('names as text', () => {
  it('stand for their bytes, whatever those are', () => {
    // Bytes that begin, continue and end characters are what this is about.
    const byte = fc.oneof(
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom(0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xed, 0xb2),
    );
    fc.assert(
      fc.property(fc.array(byte), (bytes) => {
        const name = Uint8Array.from(bytes);
        expect([...Buffer.from(toPath(decodePath(name)))]).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('are themselves where they are UTF-8, and shown with \\x where not', () => {
    for (const name of ['a.pcap', 'Größe 日本語 🙂.pcap', '\ufeffx']) {
      expect(decodePath(Buffer.from(name))).toBe(name);
      expect(toPath(name)).toBe(name);
      expect(showPath(name)).toBe(name);
    }
    expect(showPath(decodePath(Buffer.from('caf\xe9🙂', 'latin1').subarray(0, 4)))).toBe('caf\\xe9');
  });
});

const folder = mkdtempSync(join(tmpdir(), 'portzero-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bytesOf = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);

/** Not every file system takes such names. */
function takesAnyName(): boolean {
  try {
    copyFileSync(fixture('closed/connect-ipv4.pcap'), bytesOf('caf\xe9.pcap'));
    copyFileSync(fixture('accepted/redirect-ipv4.pcap'), bytesOf('b\xff\xfe.pcap'));
    return readdirSync(folder, { encoding: 'buffer' }).some((name) => name.includes(0xe9));
  } catch {
    return false;
  }
}

describe.runIf(takesAnyName())('captures in a folder whose names are no UTF-8', () => {
  it.each([
    ['one after the other', ['--jobs', '1']],
    ['in threads', ['--jobs', '2']],
    ['and verified', ['--verify']],
    ['with evidence', ['-r', join(folder, '..', 'evidence.pcapng')]],
  ])('are analysed, %s', async (_, args) => {
    const { status, stdout, stderr } = await runCommand([folder, '-q', '-f', 'json', ...args]);
    rmSync(join(folder, '..', 'evidence.pcapng'), { force: true });
    expect([status, stderr]).toEqual([1, '']);
    const { inputs, summary } = JSON.parse(stdout);
    expect(inputs.map(({ name }: { name: string }) => name)).toEqual([
      `${folder}/b\\xff\\xfe.pcap`,
      `${folder}/caf\\xe9.pcap`,
    ]);
    expect([summary.portZero.accepted, summary.portZero.refused]).toEqual([1, 1]);
  });

  it('are joined', async () => {
    const { status, stdout } = await runCommand([folder, '-q', '-f', 'json', '--join']);
    expect([status, JSON.parse(stdout).summary.frames]).toEqual([1, 12]);
  });

  it('are named where they are damaged, and passed over where they are none', async () => {
    writeFileSync(bytesOf('d\xe9.pcap'), Buffer.from('d4c3b2a1', 'hex'));
    writeFileSync(bytesOf('e\xe9.txt'), 'no capture');
    const { status, stderr } = await runCommand([folder, '-q']);
    expect(status).toBe(2);
    expect(stderr).toContain(`portzero: ${folder}/d\\xe9.pcap: `);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
