import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { fakeIo } from '../support/io.ts';

const cwd = mkdtempSync(join(tmpdir(), 'portzero-words-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function portzero(...args: string[]) {
  const io = fakeIo({ cwd });
  const status = await main(args, io);
  return { status, stdout: io.out(), stderr: io.err() };
}

describe('a word that is nearly a command', () => {
  it.each([
    [['analyse', 'a.pcap'], 'analyze'],
    [['snif'], 'sniff'],
    [['snif', 'eth0', '--duration', '5s'], 'sniff'],
    [['Sniff', 'eth0'], 'sniff'],
    [['interface'], 'interfaces'],
    [['rule', 'port-zero-scan'], 'rules'],
    [['dif', 'a.json', 'b.json'], 'diff'],
    [['prob', '192.0.2.1', '-4'], 'probe'],
    [['help'], '--help'],
    [['hepl'], '--help'],
    [['help', 'sniff'], 'sniff --help'],
    [['version'], '--version'],
  ])('%j', async (args, meant) => {
    expect(await portzero(...args)).toEqual({
      status: 2,
      stdout: '',
      stderr: `portzero: there is no file "${args[0]}", nor a command of this name: did you mean portzero ${meant}?\n`,
    });
  });

  it('is told where options stand before it, too', async () => {
    expect((await portzero('-q', 'sniff', 'eth0')).stderr).toBe(
      'portzero: there is no file "sniff", a command comes first: did you mean portzero sniff?\n',
    );
    expect((await portzero('--no-color', 'snif')).stderr).toContain('did you mean portzero sniff?');
  });

  it('is a capture where there is such a file, and a missing one where it is like none', async () => {
    writeFileSync(join(cwd, 'snif'), '');
    expect((await portzero('-q', 'snif')).stderr).not.toContain('did you mean');
    rmSync(join(cwd, 'snif'));
    for (const name of ['trace', 'snif.pcap', './snif', 'captures', 'lo'])
      expect((await portzero('-q', name)).stderr).toBe(`portzero: ${name}: no such file\n`);
  });
});
