import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/index.ts';
import { groupFilter } from '../../src/report/display-filter.ts';
import { type InputGroup, MAX_HANDED_OVER, mergeGroups } from '../../src/report/model/merged-groups.ts';
import { groupExchanges, makeExchangeReport, makeFindingReport } from '../support/reports.ts';

/** One capture's group of refused SYNs from these clients. */
function makeGroup(input: number, clients: readonly string[], fields: Partial<InputGroup> = {}): InputGroup {
  const examples = clients
    .slice(0, 3)
    .map((address, i) => makeExchangeReport({ id: i + 1, input, client: { address, port: 1024 + i } }));
  const [group] = groupExchanges([examples[0]!], [makeFindingReport({ exchange: 1 })]);
  return {
    ...group!,
    input,
    inputs: 1,
    count: clients.length,
    clients: { count: clients.length, atLeast: false },
    examples,
    clientNames: clients.slice(0, MAX_HANDED_OVER),
    serverNames: ['198.51.100.7'],
    ...fields,
  };
}

const addresses = (count: number, net = '10.0') =>
  Array.from({ length: count }, (_, i) => `${net}.${i >> 8}.${i & 255}`);

describe('mergeGroups', () => {
  it('makes one group of what is alike in several captures, and counts ends once', () => {
    const merged = mergeGroups([
      makeGroup(0, ['192.0.2.1', '192.0.2.2'], {
        firstTime: '2026-11-21T10:00:00.5Z',
        lastTime: '2026-11-21T10:00:09Z',
      }),
      makeGroup(2, ['192.0.2.2', '192.0.2.3'], {
        firstTime: '2026-11-21T10:00:00Z',
        lastTime: '2026-11-21T10:00:09.25Z',
      }),
    ]);
    expect(merged).toHaveLength(1);
    expect(merged[0]).toMatchObject({
      input: 0,
      inputs: 2,
      count: 4,
      clients: { count: 3, atLeast: false },
      servers: { count: 1, atLeast: false },
      firstTime: '2026-11-21T10:00:00Z',
      lastTime: '2026-11-21T10:00:09.25Z',
    });
    expect(merged[0]).not.toHaveProperty('clientNames');
    // Examples from both.
    expect(merged[0]!.examples.map(({ input }) => input)).toEqual([0, 0, 2]);
  });

  it('keeps apart what differs in verdict, rules or what a baseline says', () => {
    const group = makeGroup(0, ['192.0.2.1']);
    const others: InputGroup[] = [
      { ...group, verdict: 'silent' },
      { ...group, reason: 'syn-ack' },
      { ...group, ruleIds: ['syn-to-port-zero', 'conflicting-answers'] },
      { ...group, knownRuleIds: ['syn-to-port-zero'], known: [] },
      { ...group, lateStart: true },
    ];
    expect(mergeGroups([group, ...others])).toHaveLength(6);
  });

  it('says "at least" where it does not have all the names', () => {
    const many = addresses(MAX_HANDED_OVER + 1);
    const [exact] = mergeGroups([makeGroup(0, many)]);
    expect(exact!.clients).toEqual({ count: MAX_HANDED_OVER + 1, atLeast: false });
    const [bounded] = mergeGroups([makeGroup(0, many), makeGroup(1, addresses(10))]);
    expect(bounded!.clients).toEqual({ count: MAX_HANDED_OVER + 1, atLeast: true });
    // What is known by name is not fewer than what any one capture has.
    const [sum] = mergeGroups([makeGroup(0, addresses(200)), makeGroup(1, addresses(200, '10.1'))]);
    expect(sum!.clients).toEqual({ count: 400, atLeast: false });
  });

  it('lists the gravest and largest first', () => {
    const merged = mergeGroups([
      makeGroup(0, addresses(3)),
      makeGroup(1, addresses(5), { verdict: 'silent' }),
      makeGroup(1, addresses(1), { severity: 'error', verdict: 'accepted' }),
      makeGroup(2, addresses(4)),
    ]);
    expect(merged.map(({ verdict, count }) => [verdict, count])).toEqual([
      ['accepted', 1],
      ['refused', 7],
      ['silent', 5],
    ]);
  });

  it('says one baseline entry once', () => {
    const known = [{ since: '2026-11-26', why: 'the old scanner' }];
    const fields = { knownRuleIds: ['syn-to-port-zero'], known };
    const [merged] = mergeGroups([makeGroup(0, addresses(1), fields), makeGroup(1, addresses(1), fields)]);
    expect(merged!.known).toEqual(known);
  });

  it('has no filter by frame number over several captures', () => {
    const [one] = mergeGroups([makeGroup(0, ['192.0.2.1'])]);
    const [two] = mergeGroups([makeGroup(0, ['192.0.2.1']), makeGroup(1, ['192.0.2.1'])]);
    expect(groupFilter(one!)).toBe('frame.number in {1, 2}');
    expect(groupFilter(two!)).toBe('tcp.port == 0 && ip.addr == 192.0.2.1 && ip.addr == 198.51.100.7');
  });

  it('holds for captures', async () => {
    const path = join(import.meta.dirname, '../../fixtures/closed/connect-ipv4.pcap');
    const { groups } = await analyzeCapture([path, path, path]).result();
    expect(groups).toHaveLength(1);
    // tcpdump -nr: one SYN from 10.0.0.1 to 10.0.0.2.0, one RST.
    expect(groups[0]).toMatchObject({ inputs: 3, count: 3, clients: { count: 1 }, servers: { count: 1 } });
  });
});
