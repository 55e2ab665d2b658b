import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchangeFilter, framesFilter, groupFilter } from '../../src/report/display-filter.ts';
import { pcap } from '../support/capture-builder.ts';
import { ethernet, ipv4, ipv6, tcp } from '../support/frames.ts';
import { groupExchanges, makeExchangeReport, makeFindingReport } from '../support/reports.ts';
import { describeWith } from '../support/tools.ts';

const exchange = makeExchangeReport();
const groupOf = (...exchanges: ReturnType<typeof makeExchangeReport>[]) =>
  groupExchanges(
    exchanges,
    exchanges.map(({ id }) => makeFindingReport({ exchange: id })),
  )[0]!;
const many = Array.from({ length: 9 }, (_, i) =>
  makeExchangeReport({
    id: i + 1,
    client: { address: `192.0.2.${i}`, port: 1024 },
    frames: { probe: 10 * i + 1, answer: null, all: [10 * i + 1], count: 1, omitted: 0 },
  }),
);
const overIpv6 = makeExchangeReport({
  client: { address: '2001:db8::1', port: 4000 },
  server: { address: '2001:db8::2', port: 0 },
});

describe('framesFilter', () => {
  it('names frames, runs of three and more as a range', () => {
    expect(framesFilter([7])).toBe('frame.number == 7');
    expect(framesFilter([1, 2])).toBe('frame.number in {1, 2}');
    expect(framesFilter([1, 2, 3, 9])).toBe('frame.number in {1..3, 9}');
  });
});

describe('groupFilter', () => {
  it('names the frames where they are few, and what all have in common where they are not', () => {
    expect(groupFilter(groupOf(exchange))).toBe('frame.number in {1, 2}');
    expect(groupFilter(groupOf(...many))).toBe('tcp.port == 0 && ip.addr == 198.51.100.7');
    expect(groupFilter(groupOf(...many, { ...overIpv6, id: 10 }))).toBe('tcp.port == 0');
  });

  it('never names frames of a live capture', () => {
    expect(groupFilter(groupOf(exchange), true)).toBe(
      'ip.addr == 192.0.2.1 && ip.addr == 198.51.100.7 && tcp.port == 59804 && tcp.port == 0',
    );
    expect(groupFilter(groupOf(...many), true)).not.toMatch(/frame/);
  });
});

describeWith(['tshark'], 'filters, run by tshark', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-filter-'));
  const file = join(folder, 'a.pcap');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(() => {
    const v4 = (source: string, sourcePort: number, destination: string, destinationPort: number, flags: string) =>
      ethernet({}, ipv4({ source, destination }, tcp({ sourcePort, destinationPort, flags })));
    const frames = [
      v4('192.0.2.1', 59_804, '198.51.100.7', 0, 'S'),
      v4('198.51.100.7', 0, '192.0.2.1', 59_804, 'RA'),
      v4('192.0.2.1', 59_805, '198.51.100.7', 80, 'S'),
      v4('192.0.2.9', 59_804, '198.51.100.7', 0, 'S'),
      ethernet(
        {},
        ipv6(
          { source: '2001:db8::1', destination: '2001:db8::2' },
          tcp({ sourcePort: 4000, destinationPort: 0, flags: 'S' }),
        ),
      ),
    ];
    writeFileSync(file, pcap(frames.map((bytes, seconds) => ({ seconds, bytes }))));
  });

  const shown = (filter: string) =>
    execFileSync('tshark', ['-r', file, '-Y', filter, '-T', 'fields', '-e', 'frame.number'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split(/\s+/)
      .map(Number);

  it('show what they promise', () => {
    expect(shown(exchangeFilter(exchange))).toEqual([1, 2]);
    expect(shown(exchangeFilter(exchange, true))).toEqual([1, 2]);
    expect(shown(framesFilter([1, 2, 3, 5]))).toEqual([1, 2, 3, 5]);
    expect(shown(framesFilter([4]))).toEqual([4]);
    expect(shown(groupFilter(groupOf(...many)))).toEqual([1, 2, 4]);
    expect(shown(exchangeFilter(overIpv6, true))).toEqual([5]);
  });
});
