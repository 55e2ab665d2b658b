/** Answers that the capture lost, between ordinary ports: what the plain segments tell, by all ways in which a capture is read. */
import { expect, it } from 'vitest';
import { createWaitingCells } from '../../src/track/waiting-ports.ts';
import { type PcapRecord, pcap } from '../support/capture-builder.ts';
import { ethernet, ipv4, ipv6, type TcpFields, tcp } from '../support/frames.ts';
import { play, segment } from '../support/segments.ts';
import { analyzeBytes, settingsFor } from './compare.ts';

const ISN = 1000;
const SERVER = 500;
const START = 1_700_000_000;

interface Segment extends TcpFields {
  readonly at: number;
  readonly back?: boolean;
}

function record({ at, back = false, ...fields }: Segment, port: number, isIpv6: boolean): PcapRecord {
  const [client, server] = isIpv6 ? ['2001:db8::1', '2001:db8::2'] : ['10.0.0.1', '10.0.0.2'];
  const addresses = back ? { source: server, destination: client } : { source: client, destination: server };
  const ports = back ? { sourcePort: 80, destinationPort: port } : { sourcePort: port, destinationPort: 80 };
  const transport = tcp({ ...ports, ...fields });
  return {
    seconds: START + Math.floor(at),
    fraction: Math.round((at % 1) * 1e6),
    bytes: ethernet({}, isIpv6 ? ipv6(addresses, transport) : ipv4(addresses, transport)),
  };
}

const data = (length: number) => new Uint8Array(length).fill(65);
const SYN: Segment = { at: 0, flags: 'S', sequence: ISN };
const ACK: Segment = { at: 0.1, flags: 'A', sequence: ISN + 1, acknowledgment: SERVER + 1 };
const GET: Segment = { at: 0.2, flags: 'PA', sequence: ISN + 1, acknowledgment: SERVER + 1, payload: data(6) };
const back = (at: number, flags: string, acknowledgment: number, length = 0): Segment => ({
  at,
  back: true,
  flags,
  sequence: SERVER + 1,
  acknowledgment,
  payload: data(length),
});

it.each([
  ["the server's data", [SYN, ACK, back(0.3, 'PA', ISN + 1, 9)], 'accepted'],
  ["the server's data, nothing of the client", [SYN, back(0.3, 'PA', ISN + 1, 9)], 'accepted'],
  ["the server's data, a minute later", [SYN, ACK, back(60, 'PA', ISN + 1, 9)], 'accepted'],
  ['its ACK of data', [SYN, GET, back(0.3, 'A', ISN + 7)], 'accepted'],
  ['its FIN', [SYN, ACK, back(0.3, 'FA', ISN + 1)], 'accepted'],
  ['its RST', [SYN, ACK, GET, back(0.3, 'RA', ISN + 7)], 'accepted'],
  ['data of a server that took its time', [SYN, back(7, 'PA', ISN + 1, 9)], 'accepted'],
  ["the client's half", [SYN, ACK, GET], 'undecided'],
  ["the client's half, an ACK alone", [SYN, ACK], 'undecided'],
  ['a lone ACK of the SYN', [SYN, back(0.1, 'A', ISN + 1)], 'undecided'],
  ['an ACK of something else', [SYN, back(0.1, 'A', 999_999)], 'challenged'],
  ['nothing', [SYN], 'silent'],
] as [string, Segment[], string][])('%s', async (_, segments, verdict) => {
  for (const isIpv6 of [false, true]) {
    const other = [
      { at: 500, flags: 'S', sequence: 7 },
      { at: 500.1, back: true, flags: 'RA', acknowledgment: 8 },
    ];
    const records = [
      ...segments.map((segment) => record(segment, 40_000, isIpv6)),
      ...other.map((segment) => record(segment, 50_000, isIpv6)),
    ];
    const bytes = pcap(records);
    for (const exchanges of ['flagged', 'all'] as const) {
      const settings = settingsFor({ exchanges });
      const result = await analyzeBytes(bytes, settings, false);
      const counts = result.summary.exchanges;
      expect(counts).toMatchObject({ total: 2, refused: 1, [verdict]: 1 });
      expect(await analyzeBytes(bytes, settings, true)).toEqual(result);
    }
  }
});

it('keeps count of the ports that wait, in every direction and to the end', () => {
  const ends = (i: number) => `10.0.0.1:${1024 + i} > 10.0.0.2:80`;
  const answers = (i: number) => `10.0.0.2:80 > 10.0.0.1:${1024 + i}`;
  const cells = createWaitingCells();
  const packets = Array.from({ length: 400 }, (_, i) => {
    const syn = segment(ends(i), 'S', { sequence: ISN });
    const answer =
      i % 4 === 0
        ? segment(answers(i), 'SA', { acknowledgment: ISN + 1 })
        : i % 4 === 1
          ? segment(answers(i), 'RA', { acknowledgment: ISN + 1 })
          : i % 4 === 2
            ? segment(ends(i), 'A', { sequence: ISN + 1, acknowledgment: 7 })
            : segment(answers(i), 'A', { acknowledgment: 70_000 });
    return [[i, syn] as const, [i + 0.5, answer] as const];
  }).flat();
  play(packets, { end: 1000, waiting: cells });
  expect(cells.every((cell) => cell === 0)).toBe(true);
});
