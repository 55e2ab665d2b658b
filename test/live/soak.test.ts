import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../support/tools.ts';

/** What stands in the way of a run that is asked for counts, whole files and nothing of time: a line each; and all it said. */
async function soak(...args: string[]): Promise<{ failed: string[]; said: string; status: number | null }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bench/soak.mjs'), '--untimed', ...args]);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk;
    });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { failed: said.split('\n').filter((line) => line.startsWith('FAIL')), said, status };
}

describeWith(['root', 'ip', 'tcpdump', 'tcpreplay', 'tshark', 'capinfos'], 'a sensor under load', () => {
  it('counts or tells as lost all that is sent, and keeps each finding with its frames', async () => {
    const { failed, said, status } = await soak('--duration', '40s', '--rate', '1000');
    expect(failed, said).toEqual([]);
    expect(status, said).toBe(0);
    for (const what of ['frames sent =', '0 without their frame', 'events for a page', 'cannot be read: none'])
      expect(said).toContain(what);
  });

  it('leaves whole files and no capturer, whenever it is killed', async () => {
    const { failed, said, status } = await soak('--kills', '6', '--rate', '1000');
    expect(failed, said).toEqual([]);
    expect(status, said).toBe(0);
    expect(said).toContain('6 kills: records up to the last second');
  });
});
