import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { connect, interrupt, portzero, startSniff } from '../support/live.ts';
import { Lab } from '../support/netns.ts';
import { type Block, blocksOf } from '../support/pages.ts';
import { describeWith } from '../support/tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'portzero-live-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let lab: Lab;
afterEach(() => lab.remove());

const blocks = blocksOf('docs/live.md');
/** What the page shows below a command. */
const shown = (beginning: string) => blocks.find(({ text }: Block) => text.startsWith(beginning))!.output!;

/** What differs from run to run: times, ephemeral ports, what else is on the wire, how long it took, and so where prose breaks. */
function settle(text: string, { interface: name }: { readonly interface: string }): string {
  return (
    text
      .replaceAll(name, 'eth0')
      .replaceAll(join(folder, '/'), '')
      .replace(/^\^C\n/m, '\n')
      .replaceAll(/\[frames? [\d, ]+\]/g, '[FRAMES]')
      // One line or two, as the interface's name is short or long.
      .replace(/^ {2}eth0\s+\d+ frames\b.*\blive$/m, '  eth0: N frames, live')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+/g, 'DATE')
      .replaceAll(/\d\d:\d\d:\d\d\.\d{9}/g, 'TIME')
      .replaceAll(/(192\.0\.2\.1):\d+/g, '$1:PORT')
      .replaceAll(/\n {14}(?=\S)/g, ' ')
      .replaceAll(/\bin [\d.]+ m?s\b/g, 'in TIME')
      .replaceAll(/\bafter [\d.]+ m?s\b/g, 'after TIME')
      .replaceAll(/(?:sent \d times|\d SYNs in [\d.]+ s)/g, 'REPEATED')
      .replaceAll(/ +$/gm, '')
  );
}

describeWith(['root', 'ip', 'nft', 'tcpdump'], 'docs/live.md shows what is printed', () => {
  beforeEach(async () => {
    lab = Lab.pair();
    const { server } = lab;
    for (const address of ['192.0.2.3', '192.0.2.4', '192.0.2.5'])
      lab.ip(server, 'addr', 'add', `${address}/24`, 'dev', server.interface);
    const drop = 'ip daddr 192.0.2.3 tcp dport 0 drop';
    const reject = 'ip daddr 192.0.2.4 tcp dport 0 reject with icmp admin-prohibited';
    const redirect = 'ip daddr 192.0.2.5 tcp dport 0 redirect to :8080';
    lab.nft(server, ['filter input', `${drop}\n ${reject}`], ['nat prerouting', redirect]);
    await lab.listen(server, 8080);
  });

  it('of sniff', async () => {
    const { client } = lab;
    const sniff = await startSniff(lab, client, client.interface, '-w', join(folder, 'evidence.pcapng'));
    for (const address of ['192.0.2.2', '192.0.2.4', '192.0.2.5', '192.0.2.3']) {
      connect(lab, client, address);
      await sniff.until(({ stdout }) => stdout.includes(` of ${address}: `), address);
    }
    // The answer timeout of the last.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(await interrupt(sniff)).toBe(1);
    const [first, ...rest] = sniff.stderr.split('\n');
    const printed = `${first}\n${sniff.stdout}${rest.join('\n')}`;
    expect(settle(printed, client)).toBe(settle(shown('sudo portzero sniff eth0 -w'), client));
  });

  it('of probe', () => {
    const { client } = lab;
    const { stdout } = lab.run(client, portzero('probe', '192.0.2.2', '192.0.2.4', '192.0.2.3'));
    // What is known of this system's stack goes by the kernel; test/probe looks at it.
    const [targets, system] = stdout.split('\nthis system: ');
    expect(system).toMatch(/^linux /);
    expect(settle(targets!, client)).toBe(settle(shown('sudo portzero probe'), client));
  });
});
