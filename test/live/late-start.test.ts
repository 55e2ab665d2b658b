import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BACKENDS } from '../../src/capture/live/capturers.ts';
import { interrupt, readNdjson, type SniffOutput, startSniff } from '../support/live.ts';
import { Lab, type Running } from '../support/netns.ts';
import { type KeepAlive, Talkers } from '../support/talkers.ts';
import { describeWith } from '../support/tools.ts';

/** Longer than the answer timeout, and the second and a half that a live capture may be late. */
const IDLE_MS = 7_000;

/** A connection whose handshake was over before anybody sniffed. */
interface Case {
  readonly name: string;
  readonly keepAlive: KeepAlive;
  /** Who speaks first, after the first idle time; the other end answers. */
  readonly data?: 'client' | 'server';
  readonly close: 'fin' | 'reset';
  readonly closer: 'client' | 'server';
  /** Nothing but a RST is left to see: it shows no conversation, nor which end was the client. */
  readonly isLone?: true;
}

const CASES: readonly Case[] = [
  { name: 'all-then-fin', keepAlive: 'both', data: 'client', close: 'fin', closer: 'client' },
  { name: 'all-then-reset', keepAlive: 'both', data: 'client', close: 'reset', closer: 'client' },
  { name: 'server-keeps', keepAlive: 'server', data: 'server', close: 'fin', closer: 'server' },
  { name: 'client-keeps', keepAlive: 'client', data: 'server', close: 'reset', closer: 'server' },
  { name: 'only-data', keepAlive: 'nobody', data: 'server', close: 'fin', closer: 'client' },
  { name: 'only-data-reset', keepAlive: 'nobody', data: 'client', close: 'reset', closer: 'server' },
  { name: 'only-keep-alives', keepAlive: 'both', close: 'reset', closer: 'client' },
  { name: 'only-client-keeps', keepAlive: 'client', close: 'fin', closer: 'server' },
  { name: 'only-server-keeps', keepAlive: 'server', close: 'fin', closer: 'client' },
  { name: 'only-fin', keepAlive: 'nobody', close: 'fin', closer: 'client' },
  { name: 'only-fin-server', keepAlive: 'nobody', close: 'fin', closer: 'server' },
  { name: 'only-reset', keepAlive: 'nobody', close: 'reset', closer: 'client', isLone: true },
  { name: 'only-reset-server', keepAlive: 'nobody', close: 'reset', closer: 'server', isLone: true },
];
/** With 300 ms each keep-alive comes after the answer timeout of the one before. */
const SNIFFS = BACKENDS.flatMap((backend) => ['5s', '300ms'].map((timeout) => ({ backend, timeout })));
const nameOf = ({ backend, timeout }: (typeof SNIFFS)[number]) => `${backend}-${timeout}`;
const FAMILIES = ['ipv4', 'ipv6'] as const;

const folder = mkdtempSync(join(tmpdir(), 'portzero-late-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Sniffed extends SniffOutput {
  readonly status: number | null;
  /** As tshark reads the frames kept. */
  readonly segments: readonly Segment[];
}

interface Segment {
  readonly ports: readonly [source: number, destination: number];
  /** Ports, flags and numbers in one. */
  readonly text: string;
}

/** What was told of all but the exchange of this client's port. */
function withoutEnd(output: SniffOutput, port: number): SniffOutput {
  const { id } = output.exchanges.find(({ client }) => client.port === port)!;
  return {
    ...output,
    exchanges: output.exchanges.filter((it) => it.id !== id),
    findings: output.findings.filter(({ exchange }) => exchange !== id),
  };
}

const idle = () => new Promise((resolve) => setTimeout(resolve, IDLE_MS));

describeWith(
  ['root', 'ip', 'nft', 'tcpdump', 'dumpcap', 'tshark'],
  'sniff that starts after the handshakes of conversations on port 0',
  () => {
    const conversations = FAMILIES.flatMap((family) =>
      CASES.map((it) => ({ ...it, family, id: `${it.name}.${family}` })),
    );
    let lab: Lab;
    /** The client's port of each conversation. */
    const ports = new Map<string, number>();
    const sniffed = new Map<string, Sniffed>();
    /** All that was on the wire since before the handshakes. */
    let wire: readonly Segment[] = [];

    function readSegments(path: string, filter: string): Segment[] {
      const fields = ['srcport', 'dstport', 'flags', 'seq_raw', 'ack_raw', 'len'].flatMap((it) => ['-e', `tcp.${it}`]);
      const { stdout } = lab.run(lab.client, ['tshark', '-r', path, '-Y', filter, '-T', 'fields', ...fields]);
      return stdout
        .split('\n')
        .filter((text) => text !== '')
        .map((text) => {
          const [source, destination] = text.split('\t');
          return { ports: [Number(source), Number(destination)], text };
        });
    }
    const between = (segments: readonly Segment[], port: number) =>
      segments.filter(({ ports: [source, destination] }) => source === port || destination === port);

    beforeAll(async () => {
      lab = Lab.pair();
      const { client, server } = lab;
      lab.nft(server, ['nat prerouting', 'tcp dport 0 redirect to :8080']);
      const all = join(folder, 'all.pcap');
      const tcpdump = lab.start(client, ['tcpdump', '-U', '-i', client.interface, '-w', all, 'tcp or ip6 proto 6']);
      await tcpdump.until(({ stderr }) => stderr.includes('listening on'), 'tcpdump');
      const talkers = await Talkers.start(lab, 8080);
      for (const { id, family, keepAlive } of conversations) {
        ports.set(id, await talkers.open(id, server[family], 0, keepAlive));
      }

      const sniffs = new Map<string, Running>();
      for (const it of SNIFFS) {
        const evidence = join(folder, `${nameOf(it)}.pcapng`);
        const args = ['--backend', it.backend, '--answer-timeout', it.timeout, '-f', 'ndjson', '-w', evidence];
        sniffs.set(nameOf(it), await startSniff(lab, client, client.interface, ...args));
      }
      await idle();
      for (const { id, data } of conversations) {
        if (data === undefined) continue;
        await talkers.say(id, data, `${data}-speaks`);
        const other = data === 'client' ? 'server' : 'client';
        await talkers.say(id, other, `${other}-speaks`);
      }
      await idle();
      for (const { id, close, closer } of conversations) {
        if (close === 'fin') await talkers.finish(id, closer);
        else await talkers.reset(id, closer);
      }
      // Its SYN is told at once, and comes after all the others' frames: conversations that are over are held for what comes late.
      const marker = await talkers.open('marker', server.ipv4, 0, 'nobody');
      for (const [name, sniff] of sniffs) {
        await sniff.until(({ stdout }) => stdout.includes('"ruleId":"syn-to-port-zero"'), 'the SYN that comes last');
        const status = await interrupt(sniff);
        const segments = readSegments(join(folder, `${name}.pcapng`), 'tcp');
        sniffed.set(name, { ...withoutEnd(readNdjson(sniff.stdout), marker), status, segments });
      }
      await interrupt(tcpdump);
      wire = readSegments(all, 'tcp.port == 0');
      // The input is what it should be: keep-alives of both ends, by tshark's judgement.
      const kept = readSegments(all, 'tcp.port == 0 && tcp.analysis.keep_alive');
      for (const { id, keepAlive } of conversations) {
        const senders = new Set(between(kept, ports.get(id)!).map(({ ports: [source] }) => source === 0));
        expect({ id, client: senders.has(false), server: senders.has(true) }).toEqual({
          id,
          client: keepAlive === 'both' || keepAlive === 'client',
          server: keepAlive === 'both' || keepAlive === 'server',
        });
      }
    });
    afterAll(() => lab.remove());

    it.each(SNIFFS)('tells one late start each, and accuses nobody ($backend, $timeout)', (sniff) => {
      const { exchanges, findings, summary, status } = sniffed.get(nameOf(sniff))!;
      for (const { id, family, data, close, isLone } of conversations) {
        const port = ports.get(id)!;
        const [exchange, ...others] = exchanges.filter((it) => it.client.port === port || it.server.port === port);
        expect(others, id).toEqual([]);
        expect(exchange, id).toMatchObject({
          probe: null,
          verdict: 'unsolicited',
          state: 'unknown',
          close: isLone ? null : close,
          established: !isLone,
          retransmissions: 0,
          bytesToServer: data === undefined ? 0 : 'client-speaks'.length,
          bytesToClient: data === undefined ? 0 : 'server-speaks'.length,
        });
        const rules = findings.filter((it) => it.exchange === exchange!.id).map(({ ruleId }) => ruleId);
        const expected = ['port-zero-backscatter'];
        if (!isLone) expected.push('port-zero-accepted');
        if (data !== undefined) expected.push('port-zero-data');
        expect(rules.toSorted(), id).toEqual(expected.toSorted());
        if (isLone) continue;
        expect(exchange, id).toMatchObject({
          client: { address: lab.client[family], port },
          server: { address: lab.server[family], port: 0 },
          portZero: 'server',
        });
      }
      expect(exchanges).toHaveLength(conversations.length);
      // What is told of the whole (many sources on one target, say) is no accusation either.
      expect(new Set(findings.map(({ ruleId }) => ruleId))).toEqual(
        new Set(['port-zero-backscatter', 'port-zero-accepted', 'port-zero-data']),
      );
      expect(summary.portZero).toMatchObject({
        total: conversations.length + 1,
        accepted: 1,
        unsolicited: conversations.length,
      });
      expect(status).toBe(1);
    });

    // cap cannot count what it loses.
    it.each(SNIFFS.filter(({ backend }) => backend !== 'cap'))(
      'has each frame since it started in its exchange and in the evidence ($backend, $timeout)',
      (sniff) => {
        const { exchanges, segments, input } = sniffed.get(nameOf(sniff))!;
        expect(input.drops).toBe(0);
        for (const { id } of conversations) {
          const port = ports.get(id)!;
          const seen = between(segments, port).map(({ text }) => text);
          const sent = between(wire, port).map(({ text }) => text);
          // Both ends' keep-alives cross: two captures on two processors may have them in either order.
          expect(seen.toSorted(), id).toEqual(sent.slice(-seen.length).toSorted());
          // Linux's handshake, the names and what follows: six segments and some that idle.
          expect(sent.length - seen.length, id).toBeGreaterThanOrEqual(6);
          const [exchange] = exchanges.filter((it) => it.client.port === port || it.server.port === port);
          expect(exchange!.frames.count, id).toBe(seen.length);
        }
      },
    );
  },
);
