import type { PcapRecord } from './capture-builder.ts';
import { ethernet, ipv4, tcp } from './frames.ts';

/** Conversations, of which those with port 0 are answered after 30 ms, a scan of port 0 and a flood that nobody answers. */
export function traffic(): PcapRecord[] {
  const records: (PcapRecord & { at: number })[] = [];
  const send = (at: number, from: string, to: string, flags: string, sequence: number, acknowledgment = 0) => {
    const [source, sourcePort] = from.split(':') as [string, string];
    const [destination, destinationPort] = to.split(':') as [string, string];
    const segment = tcp({
      sourcePort: Number(sourcePort),
      destinationPort: Number(destinationPort),
      flags,
      sequence,
      acknowledgment,
    });
    const bytes = ethernet({ type: 0x0800 }, ipv4({ source, destination }, segment));
    records.push({ at, seconds: Math.floor(at), fraction: Math.round((at % 1) * 1e6), bytes });
  };
  for (let i = 0; i < 1500; i++) {
    const [start, client, server] = [i * 0.04, `10.0.${i >> 8}.${i & 255}:${1024 + i}`, `192.0.2.${i % 200}:443`];
    send(start, client, server, 'S', 1000 + i);
    send(start + 0.01, server, client, 'SA', 9000 + i, 1001 + i);
    send(start + 0.02, client, server, 'A', 1001 + i, 9001 + i);
    send(start + 0.9, client, server, 'FA', 1001 + i, 9001 + i);
    send(start + 0.91, server, client, 'FA', 9001 + i, 1002 + i);
  }
  for (let i = 0; i < 300; i++) {
    const [start, client, server] = [i * 0.2 + 0.003, `10.9.0.${i & 255}:${2000 + i}`, `192.0.2.${i % 200}:0`];
    send(start, client, server, 'S', 5000 + i);
    if (i % 3 === 0) send(start + 0.03, server, client, 'RA', 0, 5001 + i);
    else if (i % 3 === 1) send(start + 0.03, server, client, 'SA', 70_000 + i, 5001 + i);
    if (i % 3 === 1) send(start + 0.06, client, server, 'A', 5001 + i, 70_001 + i);
    // A late answer, and the question again.
    if (i % 30 === 2) send(start + 9, server, client, 'RA', 0, 5001 + i);
    if (i % 30 === 5) send(start + 3, client, server, 'S', 5000 + i);
  }
  for (let i = 0; i < 60; i++) send(20 + i * 0.9, '10.7.7.7:4444', `198.51.100.${i}:0`, 'S', 100 + i);
  for (let i = 0; i < 400; i++) send(30 + i * 0.002, `10.8.${i >> 8}.${i & 255}:5000`, '203.0.113.9:0', 'S', i);
  return records.sort((a, b) => a.at - b.at);
}
