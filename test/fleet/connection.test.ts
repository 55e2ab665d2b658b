import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HUB, ObservationStream } from '../../src/fleet/streams.ts';
import { openNats } from '../../src/sweep/nats.ts';
import { type RunningQueue, requireServers, startQueue } from '../support/servers.ts';

describe.skipIf(!requireServers())('the connection to a hub', () => {
  let up: RunningQueue;
  let down: RunningQueue;

  beforeAll(async () => {
    [up, down] = [await startQueue(), await startQueue()];
    await down.kill();
  });
  afterAll(async () => {
    await Promise.all([up?.stop(), down?.stop()]);
  });

  it('knows the servers that did not answer at first: they may be the ones that are left', async () => {
    const names = [up.url, down.url].map((url) => url.slice('nats://'.length)).sort();
    // Which of them is called first is left to chance.
    for (let i = 0; i < 12; i++) {
      const { connection } = await openNats({ url: `${up.url},${down.url}` });
      expect(
        connection
          .getServers()
          .map(({ listen }) => listen)
          .sort(),
      ).toEqual(names);
      await connection.close();
    }
  });

  it('does not wait for ever for records when it is lost meanwhile', async () => {
    const stream = await ObservationStream.open({ url: up.url }, HUB);
    await stream.setUp();
    const ended = new AbortController();
    const taking = stream.take(10, 2000, ended.signal);
    // By then it has asked who the consumer is, and waits.
    await sleep(500);
    await up.kill();
    expect(await taking).toEqual([]);
    // And says so: a collector waits on its account then.
    await expect(stream.take(10, 2000, ended.signal)).rejects.toThrow();
    await stream.close();
  });
});
