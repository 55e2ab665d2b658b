import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { TOLD_APART } from '../../src/atlas/confusion.ts';
import { loadAtlas } from '../../src/atlas/load.ts';
import { describeAnswer } from '../../src/atlas/observe.ts';
import type { Answer, Cell } from '../../src/atlas/types.ts';
import { FIXTURES } from '../support/manifest.ts';

const atlas = loadAtlas();

/** The verdict by RFC 9293 section 3.10.7.3 and nmap's words; what is acceptable in SYN-SENT acknowledges the SYN. */
function verdictOf(name: string, [answer]: readonly Answer[]): string {
  if (answer === undefined) return 'silent';
  const isSyn = name.startsWith('syn');
  const hasAck = answer.flags?.split(',').includes('ACK') === true;
  if (answer.kind === 'syn-ack') return 'accepted';
  if (answer.kind === 'icmp') return 'unreachable';
  return isSyn && !(hasAck && answer.acknowledgment === 'seq+1') ? 'invalid-reset' : 'refused';
}

const sorted = (flags: string | undefined) => (flags ?? '').split(',').sort().join();

async function hold(cell: Cell): Promise<void> {
  const report = await analyzeCapture(join(FIXTURES, cell.capture!), { exchanges: 'all' }).report();
  const where = cell.capture!;
  if (cell.case.startsWith('udp')) {
    const fires = cell.case !== 'udp-from-0';
    expect(report.findings.filter(({ ruleId }) => ruleId === 'udp-port-zero').length, where).toBe(fires ? 1 : 0);
    return;
  }
  const asked = report.exchanges.filter(({ probe }) => probe !== null);
  if (!TOLD_APART.includes(cell.case) && !cell.case.startsWith('syn-to-')) {
    // Whoever sends a SYN-ACK or a RST asks nothing; and a RST to port 0 is no accusation of the one who is told.
    expect(
      report.exchanges.map(({ verdict }) => verdict),
      where,
    ).not.toContain('refused');
    return;
  }
  const [first] = cell.answers;
  if (/^(maimon|ack)/.test(cell.case) && first?.kind === 'rst' && first.flags?.includes('ACK') === true) {
    // A RST that acknowledges a segment with ACK is what ends a connection whose start was not captured, byte for byte:
    // nobody is accused of a scan for it.
    expect(
      report.exchanges.map(({ lateStart }) => lateStart),
      where,
    ).toEqual([true]);
    return;
  }
  expect(asked.length, where).toBe(1);
  const [exchange] = asked;
  expect(exchange!.verdict, where).toBe(verdictOf(cell.case, cell.answers));
  const [wanted] = cell.answers;
  if (wanted === undefined) return;
  const { evidence } = exchange!;
  const segment = evidence.answer ?? evidence.otherAnswers[0]!;
  const seen = describeAnswer(evidence.probe!, segment)!;
  const { times: _times, from: _from, ...fields } = wanted;
  expect({ ...seen, flags: sorted(seen.flags) }, where).toEqual({ ...fields, flags: sorted(fields.flags) });
}

describe('the atlas', () => {
  it('is valid by its schema, as are all of its references to the battery', () => {
    const schema = JSON.parse(readFileSync(join(FIXTURES, '../schema/portzero-atlas.schema.json'), 'utf8'));
    const validate = new Ajv2020({ allErrors: true, strict: false }).compile(schema);
    expect(validate(atlas), JSON.stringify(validate.errors)).toBe(true);
  });

  it('has at least seven stacks that were run, and ten that were read', () => {
    expect(atlas.stacks.filter(({ kind }) => kind !== 'firewall').length).toBeGreaterThanOrEqual(7);
    expect(atlas.byCode.length).toBeGreaterThanOrEqual(10);
    for (const { claims } of atlas.byCode)
      for (const { page, repository, commit, file } of claims)
        expect(page ?? (repository && commit && file)).toBeTruthy();
  });

  for (const stack of atlas.stacks)
    it(`says of ${stack.id} what portzero finds in every capture`, async () => {
      for (const cell of stack.cells) await hold(cell);
    });

  it('says of what left a program what portzero finds in the capture', async () => {
    for (const { inside } of atlas.stacks)
      for (const { capture, synLeft } of inside) {
        expect(capture !== undefined).toBe(synLeft);
        if (capture === undefined) continue;
        const { exchanges } = await analyzeCapture(join(FIXTURES, capture), { exchanges: 'all' }).report();
        const toZero = exchanges.filter(({ server, probe }) => server.port === 0 && probe?.startsWith('syn') === true);
        expect(toZero.length, capture).toBeGreaterThan(0);
      }
  });
});
