/**
 * Two sensors, one at either end of a link between two real stacks, the clock of one of them two seconds ahead. The hub is reached from
 * their namespaces through a socket of the file system, which is the same in all.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, startCommand } from '../support/command.ts';
import { portzero } from '../support/live.ts';
import { type Host, Lab, type Running } from '../support/netns.ts';
import { type RunningQueue, type RunningStore, requireServers, startQueue, startStore } from '../support/servers.ts';
import { describeWith } from '../support/tools.ts';

/** A stream of pcap, all stamps of which are two seconds later. */
const AHEAD = `
let held = Buffer.alloc(0);
let isBegun = false;
process.on('SIGINT', () => {});
process.stdin.on('data', (chunk) => {
  held = Buffer.concat([held, chunk]);
  if (!isBegun) {
    if (held.length < 24) return;
    process.stdout.write(held.subarray(0, 24));
    held = held.subarray(24);
    isBegun = true;
  }
  while (held.length >= 16 && held.length >= 16 + held.readUInt32LE(8)) {
    const record = Buffer.from(held.subarray(0, 16 + held.readUInt32LE(8)));
    record.writeUInt32LE(record.readUInt32LE(0) + 2, 0);
    process.stdout.write(record);
    held = held.subarray(record.length);
  }
});`;

const PORT = 4222;

describeWith(['root', 'ip', 'hping3', 'tcpdump', 'bash'], 'two sensors on one link', () => {
  describe.skipIf(!requireServers())('with servers', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'portzero-two-'));
    let lab: Lab;
    let hub: RunningQueue;
    let store: RunningStore;
    let relay: Server;
    let client: pg.Client;
    let collector: ReturnType<typeof startCommand>;

    beforeAll(async () => {
      [hub, store] = await Promise.all([startQueue(), startStore()]);
      client = new pg.Client(store.url);
      await client.connect();
      expect(await runCommand(['setup', 'store', '--store', store.url])).toMatchObject({ status: 0 });
      expect(await runCommand(['setup', 'hub', '--via', hub.url])).toMatchObject({ status: 0 });
      collector = startCommand(['collect', '--from', hub.url, '--store', store.url]);
      collector.finished.catch(() => {});
      const path = join(scratch, 'hub.sock');
      relay = createServer((socket) => {
        const there = connect(Number(hub.url.split(':').at(-1)), '127.0.0.1');
        for (const end of [socket, there]) end.on('error', () => {});
        socket.pipe(there).pipe(socket);
      });
      await new Promise<void>((resolve) => relay.listen(path, resolve));
      lab = Lab.pair();
      for (const host of [lab.client, lab.server]) {
        const script = `const net = require('node:net'); net.createServer((socket) => {
          const hub = net.connect(${JSON.stringify(path)}); for (const end of [socket, hub]) end.on('error', () => {});
          socket.pipe(hub).pipe(socket); }).listen(${PORT}, '127.0.0.1', () => console.log('ready'))`;
        const running = lab.start(host, [process.execPath, '-e', script]);
        await running.until(({ stdout }) => stdout.includes('ready'), 'the relay listens');
      }
    });
    afterAll(async () => {
      collector?.child.kill('SIGKILL');
      lab?.remove();
      relay?.close();
      await client?.end();
      await Promise.all([hub?.stop(), store?.stop()]);
      rmSync(scratch, { recursive: true, force: true });
    });

    const sniff = async (host: Host, sensor: string, isAhead: boolean) => {
      const bin = join(scratch, sensor);
      mkdirSync(bin);
      const ahead = join(bin, 'ahead.cjs');
      writeFileSync(ahead, AHEAD);
      const program = join(bin, 'tcpdump');
      writeFileSync(
        program,
        // The process is tcpdump itself, which hears the signals.
        `#!/bin/bash\nPATH='${process.env.PATH}:/usr/sbin'\nexec tcpdump "$@" > >('${process.execPath}' '${ahead}')\n`,
      );
      chmodSync(program, 0o755);
      const args = [
        '--to',
        `nats://127.0.0.1:${PORT}`,
        '--site',
        'lab',
        '--sensor',
        sensor,
        '--answer-timeout',
        '300ms',
      ];
      const env = { ...process.env, ...(isAhead ? { PATH: `${bin}:${process.env.PATH}` } : {}) };
      const running = lab.start(host, portzero('sniff', host.interface, '--backend', 'tcpdump', ...args), env);
      await running.until(({ stderr }) => stderr.includes('sniffing on'), 'sniffing');
      return running;
    };
    /** A SYN to port 0, the same each time: source port and ISN are given. */
    const ask = () => {
      const { status, stderr } = lab.run(lab.client, [
        ...['hping3', '--syn', '--count', '1', '--baseport', '4444', '--keep', '--setseq', '7000'],
        ...['--destport', '0', lab.server.ipv4],
      ]);
      expect([status, stderr]).toEqual([0, expect.stringContaining('1 packets received')]);
    };
    const untilObserved = async (count: number, sensors: readonly Running[]) => {
      const seen = async () => (await client.query('SELECT FROM observation')).rowCount;
      for (let i = 0; (await seen()) !== count && i < 1200; i++) await sleep(100);
      expect(await seen(), sensors.map(({ stdout, stderr }) => stderr + stdout).join('')).toBe(count);
    };

    it('one exchange, two observations; the same SYN six seconds later, another one', async () => {
      const sensors = [await sniff(lab.client, 'here', false), await sniff(lab.server, 'there', true)];
      ask();
      await sleep(6000);
      ask();
      await sleep(1000);
      for (const sensor of sensors) {
        sensor.child.kill('SIGINT');
        await sensor.ended;
      }
      await untilObserved(4, sensors);
      const { rows } = await client.query(
        `SELECT sensor, host(client) AS client, client_port, server_port, isn::int, verdict,
           extract(epoch FROM started - (SELECT min(started) FROM observation))::float8 AS since FROM observation ORDER BY started`,
      );
      const seen = { client: '192.0.2.1', client_port: 4444, server_port: 0, isn: 7000, verdict: 'refused' };
      expect(rows).toMatchObject(['here', 'there', 'here', 'there'].map((sensor) => ({ sensor, ...seen })));
      // One clock stamped both ends, and what came from one end was made two seconds later.
      const [, second, third, fourth] = rows.map(({ since }) => since as number);
      for (const skew of [second!, fourth! - third!]) {
        expect(skew).toBeGreaterThanOrEqual(2);
        expect(skew).toBeLessThan(2.5);
      }
      expect(third).toBeGreaterThanOrEqual(6);
      const view = await client.query('SELECT observations, sensors, verdict FROM exchange');
      const exchange = { observations: 2, sensors: 2, verdict: 'refused' };
      expect(view.rows).toEqual([exchange, exchange]);
    });
  });
});
