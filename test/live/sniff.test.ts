import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { BACKENDS } from '../../src/capture/live/capturers.ts';
import { pcap } from '../support/capture-builder.ts';
import { ethernet, ipv4, tcp } from '../support/frames.ts';
import { connect, interrupt, portzero, readNdjson, startSniff, untilSettled, WITHOUT_RIGHTS } from '../support/live.ts';
import { Lab } from '../support/netns.ts';
import { describeWith } from '../support/tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'portzero-sniff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let lab: Lab;
afterEach(() => lab.remove());

describeWith(
  ['root', 'ip', 'nft', 'tcpdump', 'dumpcap', 'hping3', 'tcpreplay', 'tshark'],
  'sniff, between two hosts',
  () => {
    beforeEach(() => {
      lab = Lab.pair();
    });

    it.each(BACKENDS)('tells every answer apart, and says what the capturer knows (%s)', async (backend) => {
      const { client, server } = lab;
      for (const address of ['192.0.2.3', '192.0.2.4', '192.0.2.5']) {
        lab.ip(server, 'addr', 'add', `${address}/24`, 'dev', server.interface);
      }
      lab.nft(
        server,
        [
          'filter input',
          'ip daddr 192.0.2.3 tcp dport 0 drop\n ip daddr 192.0.2.4 tcp dport 0 reject with icmp admin-prohibited',
        ],
        ['nat prerouting', 'ip daddr 192.0.2.5 tcp dport 0 redirect to :8080'],
      );
      await lab.listen(server, 8080);
      const args = [
        client.interface,
        '--backend',
        backend,
        '-f',
        'ndjson',
        '--exchanges',
        'all',
        '--answer-timeout',
        '500ms',
      ];
      const sniff = await startSniff(lab, client, ...args);
      for (const address of ['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5', '2001:db8::2']) {
        connect(lab, client, address);
      }
      lab.run(client, ['hping3', '-n', '-c', '1', '-S', '-s', '0', '-k', '-p', '8080', '192.0.2.2']);
      await sniff.until(({ stdout }) => stdout.includes('"verdict":"silent"'), 'silence');
      await sniff.until(({ stdout }) => stdout.includes('syn-from-port-zero'), 'the last SYN');

      expect(await interrupt(sniff)).toBe(1);
      const { exchanges, findings, summary, input } = readNdjson(sniff.stdout);
      const verdictOf = (address: string, clientPort?: number) =>
        exchanges
          .filter(
            ({ client: end, server: { address: to } }) => to === address && (end.port === 0) === (clientPort === 0),
          )
          .map(({ verdict, reason, answeredBy }) => [verdict, reason, answeredBy]);
      expect(verdictOf('192.0.2.2')).toEqual([['refused', 'reset', '192.0.2.2']]);
      expect(verdictOf('192.0.2.3')).toEqual([['silent', 'no-response', null]]);
      expect(verdictOf('192.0.2.4')).toEqual([['unreachable', 'admin-prohibited', '192.0.2.4']]);
      expect(verdictOf('192.0.2.5')).toEqual([['accepted', 'syn-ack', '192.0.2.5']]);
      expect(verdictOf('2001:db8::2')).toEqual([['refused', 'reset', '2001:db8::2']]);
      expect(verdictOf('192.0.2.2', 0)).toEqual([['accepted', 'syn-ack', '192.0.2.2']]);
      expect(summary.portZero.total).toBe(6);
      expect(findings.map(({ ruleId }) => ruleId)).toEqual(
        expect.arrayContaining(['port-zero-accepted', 'syn-from-port-zero']),
      );

      expect(input).toMatchObject({
        name: client.interface,
        format: 'live',
        complete: true,
        problems: [],
        linkTypes: ['EN10MB'],
      });
      expect(input.drops).toBe(backend === 'cap' ? null : 0);
      expect(sniff.stderr).toContain(`with ${backend}`);
      expect(sniff.stderr).toContain(backend === 'cap' ? 'stamped at delivery' : 'stamped by the kernel');
    });

    it('makes one report of several interfaces, each packet of which is one exchange', async () => {
      const { client } = lab;
      const args = ['lo', client.interface, '-f', 'ndjson', '--exchanges', 'all', '--answer-timeout', '500ms'];
      const sniff = await startSniff(lab, client, ...args);
      await sniff.until(({ stderr }) => stderr.split('sniffing on').length === 3, 'both interfaces');
      // As long as nobody says otherwise it is the one that counts what is lost while it runs.
      for (const name of ['lo', client.interface])
        expect(sniff.stderr).toContain(
          `sniffing on ${name} (EN10MB) with tcpdump: frames are stamped by the kernel, drops`,
        );
      for (const address of ['192.0.2.2', '127.0.0.1', '192.0.2.2']) connect(lab, client, address);
      await sniff.until(({ stdout }) => stdout.split('"type":"exchange"').length === 4, 'three exchanges');
      expect(await interrupt(sniff)).toBe(1);
      const { summary, input } = readNdjson(sniff.stdout);
      expect(summary.portZero).toMatchObject({ total: 3, refused: 3 });
      expect([input.name, input.complete, input.drops]).toEqual([`lo, ${client.interface}`, true, 0]);
    });

    it.each(BACKENDS)('tells a finding before it ends (%s)', async (backend) => {
      const { client, server } = lab;
      const sniff = await startSniff(lab, client, client.interface, '--backend', backend, '--color');
      connect(lab, client, server.ipv4);
      await sniff.until(({ stdout }) => stdout.includes('syn-to-port-zero'), 'a finding');
      // The answer is told when it comes, which may be a delivery later.
      await sniff.until(({ stdout }) => stdout.includes('refused'), 'the answer');
      expect(await interrupt(sniff)).toBe(1);
    });

    it('ends by itself after a time or a number of frames', async () => {
      const { client, server } = lab;
      const timed = lab.run(client, portzero('sniff', client.interface, '--duration', '300ms', '-q'));
      expect(timed).toMatchObject({ status: 0, stderr: '' });
      const counted = await startSniff(lab, client, client.interface, '--count', '3', '-f', 'ndjson');
      for (let attempt = 0; attempt < 3; attempt++) connect(lab, client, server.ipv4);
      expect(await counted.ended).toBe(1);
      expect(readNdjson(counted.stdout).summary.frames).toBe(3);
    });

    it('prints counters on SIGUSR1 and goes on', async () => {
      const { client, server } = lab;
      const sniff = await startSniff(lab, client, client.interface, '--backend', 'tcpdump', '--answer-timeout', '10m');
      connect(lab, client, server.ipv4);
      await sniff.until(({ stdout }) => stdout.includes('syn-to-port-zero'));
      // What is printed may be some milliseconds old; and other frames than ours (multicast listeners) may pass the filter.
      const counters = /portzero: \d+ frames, 1 open exchange, 1 finding, 0 drops\n/;
      for (let asked = 0; asked < 20 && !counters.test(sniff.stderr); asked++) {
        sniff.child.kill('SIGUSR1');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect(sniff.stderr).toMatch(counters);
      expect(await interrupt(sniff)).toBe(1);
    });

    it('keeps the frames of flagged exchanges, in a file that even a kill leaves readable', async () => {
      const { client, server } = lab;
      const path = join(folder, 'evidence.pcapng');
      await lab.listen(server, 8080);
      const sniff = await startSniff(
        lab,
        client,
        client.interface,
        '-w',
        path,
        '--answer-timeout',
        '200ms',
        '-f',
        'ndjson',
      );
      connect(lab, client, server.ipv4, 8080);
      connect(lab, client, server.ipv4, 0);
      await sniff.until(({ stdout }) => stdout.includes('"type":"exchange"'), 'a settled exchange');
      // Evidence is written in batches.
      await sniff.until(
        () => readFileSync(path, 'latin1').split('portzero: frame').length > 2,
        'two frames of evidence',
      );
      sniff.child.kill('SIGKILL');
      await sniff.ended;
      const columns = ['tcp.flags', 'frame.comment', 'frame.interface_name'].flatMap((field) => ['-e', field]);
      const { status, stdout } = lab.run(client, ['tshark', '-r', path, '-T', 'fields', ...columns]);
      expect(status).toBe(0);
      // Frames of ordinary connections are counted, not kept.
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split('\t')),
      ).toEqual([
        [
          '0x0002',
          expect.stringMatching(
            /^portzero: frame \d+, the opening segment: refused by 192\.0\.2\.2 \(closed, reset\); syn-to-port-zero$/,
          ),
          'cl0',
        ],
        [
          '0x0014',
          expect.stringMatching(
            /^portzero: frame \d+, the answer: refused by 192\.0\.2\.2 \(closed, reset\); syn-to-port-zero$/,
          ),
          'cl0',
        ],
      ]);
    });

    it('keeps what it flagged a second ago, however it ends', async () => {
      const { client, server } = lab;
      lab.ip(server, 'addr', 'add', '192.0.2.3/24', 'dev', server.interface);
      lab.nft(server, ['filter input', 'ip daddr 192.0.2.3 tcp dport 0 drop']);
      const path = join(folder, 'killed.pcapng');
      const sniff = await startSniff(lab, client, client.interface, '-w', path, '--answer-timeout', '60s', '-f', 'eve');
      for (const address of [server.ipv4, '192.0.2.3']) connect(lab, client, address);
      const columns = ['ip.dst', 'tcp.flags', 'frame.comment'].flatMap((field) => ['-e', field]);
      const readRows = () =>
        lab
          .run(client, ['tshark', '-r', path, '-T', 'fields', ...columns])
          .stdout.trim()
          .split('\n')
          .map((line) => line.split('\t'));
      // They are on the disk before anything has settled or ended.
      while (readRows().length < 3) await new Promise((resolve) => setTimeout(resolve, 200));
      sniff.child.kill('SIGKILL');
      await sniff.ended;
      const rows = readRows();
      expect(rows).toEqual([
        [server.ipv4, '0x0002', expect.stringMatching(/refused by 192\.0\.2\.2 .*syn-to-port-zero$/)],
        [client.ipv4, '0x0014', expect.stringMatching(/the answer: refused by 192\.0\.2\.2 .*syn-to-port-zero$/)],
        ['192.0.2.3', '0x0002', expect.stringMatching(/undecided so far .*syn-to-port-zero$/)],
      ]);
    });

    it('without a right streams from a capturer that has it, and time passes meanwhile', async () => {
      const { client, server } = lab;
      lab.ip(server, 'addr', 'add', '192.0.2.3/24', 'dev', server.interface);
      lab.nft(server, ['filter input', 'ip daddr 192.0.2.3 tcp dport 0 drop']);
      const analyze = [
        ...WITHOUT_RIGHTS,
        ...portzero('-', '--follow', '-f', 'ndjson', '--answer-timeout', '500ms'),
      ].join(' ');
      const pipe = lab.start(client, ['bash', '-c', `tcpdump -i cl0 -U -w - tcp | ${analyze}`]);
      await pipe.until(({ stderr }) => stderr.includes('listening on'), 'tcpdump');
      connect(lab, client, server.ipv4);
      await pipe.until(({ stdout }) => stdout.includes('"ruleId":"syn-to-port-zero"'), 'a finding');
      // One SYN, and not a frame after it.
      lab.run(client, ['hping3', '-n', '-c', '1', '-S', '-p', '0', '192.0.2.3']);
      await pipe.until(({ stdout }) => stdout.includes('"verdict":"silent"'), 'silence');
    });

    it('captures what --filter says instead', async () => {
      const { client, server } = lab;
      const sniff = await startSniff(
        lab,
        client,
        client.interface,
        '--filter',
        'tcp port 9',
        '-f',
        'ndjson',
        '--exchanges',
        'all',
        '--answer-timeout',
        '1s',
      );
      connect(lab, client, server.ipv4, 0);
      connect(lab, client, server.ipv4, 9);
      await untilSettled(sniff, 1);
      expect(await interrupt(sniff)).toBe(0);
      expect(readNdjson(sniff.stdout).exchanges.map(({ server: { port } }) => port)).toEqual([9]);
    });

    it.each(BACKENDS)(
      'sees through tags, whether the kernel has taken the first one off or not (%s)',
      async (backend) => {
        const { client, server } = lab;
        const path = join(folder, 'tagged.pcap');
        const frames = [[5], [{ type: 0x88a8, id: 7 }, 8]].flatMap((vlans, index) => [
          ethernet(
            { vlans, pad: 0 },
            ipv4({ id: index }, tcp({ flags: 'S', sequence: 1000, sourcePort: 40_000 + index })),
          ),
          ethernet(
            { vlans, pad: 0 },
            ipv4(
              { source: '198.51.100.7', destination: '192.0.2.1' },
              tcp({ flags: 'RA', acknowledgment: 1001, sourcePort: 0, destinationPort: 40_000 + index }),
            ),
          ),
        ]);
        writeFileSync(path, pcap(frames.map((bytes) => ({ bytes }))));
        // What leaves has its tags in it; of what arrives the kernel takes the outer one off.
        const args = ['--backend', backend, '-f', 'ndjson', '--answer-timeout', '1s'];
        const leaving = await startSniff(lab, server, server.interface, ...args);
        const arriving = await startSniff(lab, client, client.interface, ...args);
        expect(lab.run(server, ['tcpreplay', '-q', '-i', server.interface, path]).status).toBe(0);
        for (const sniff of [leaving, arriving]) {
          await untilSettled(sniff, 2);
          expect(await interrupt(sniff)).toBe(1);
          const seen = readNdjson(sniff.stdout).exchanges.map(({ verdict, scope }) => [verdict, scope]);
          expect(seen).toEqual([
            ['refused', 'vlan 5'],
            ['refused', 'vlan 7 > vlan 8'],
          ]);
        }
      },
    );

    it.each(BACKENDS)('counts a frame that is seen twice once: any, loopback and forwarding (%s)', async (backend) => {
      const routed = Lab.routed();
      try {
        const router = routed.router!;
        const args = ['any', '--backend', backend, '-f', 'ndjson', '--answer-timeout', '1s'];
        const sniff = await startSniff(routed, router, ...args);
        connect(routed, routed.client, routed.server.ipv4);
        connect(routed, router, '127.0.0.1');
        await untilSettled(sniff, 2);
        expect(await interrupt(sniff)).toBe(1);
        const { exchanges, summary } = readNdjson(sniff.stdout);
        expect(summary.portZero).toMatchObject({ total: 2, refused: 2 });
        const forwarded = exchanges.find(({ server: end }) => end.address === routed.server.ipv4);
        expect(forwarded).toMatchObject({ retransmissions: 0, evidence: { otherAnswers: [] } });
        // Two interfaces, two segments.
        expect(forwarded?.frames.all).toHaveLength(4);
      } finally {
        routed.remove();
      }
    });
  },
);
