import type { AnalysisReport, ExchangeReport } from '../report/model/types.ts';
import { caseOf, describeAnswer, observe } from './observe.ts';
import type { Answer, CaseName, Cell, StackEntry } from './types.ts';
import { CASES } from './types.ts';

export interface LearnOptions {
  readonly name: string;
  /** The host to learn from; null where there is but one. */
  readonly host: string | null;
  /** As in "2026-11-26". */
  readonly date: string;
}

/** What an entry was made of, for who reads it. */
export interface Learned {
  readonly entry: StackEntry;
  /** Answers that contradict an earlier one to the same question, which were left out. */
  readonly contradictions: number;
}

/** An entry of the atlas from a report with all exchanges. Throws an Error that says what is missing. */
export function learnStack(report: AnalysisReport, { name, host, date }: LearnOptions): Learned {
  const telling = report.exchanges.filter((exchange) => cellOf(exchange) !== null);
  const zero = telling.filter((exchange) => exchange.portZero !== null);
  const hosts = [...new Set(zero.map(({ server }) => server.address))];
  if (host === null && hosts.length === 0)
    throw new Error(
      'nothing in it answers port 0 in a way that tells of a stack (a question, and its answer or silence)',
    );
  if (host === null && hosts.length > 1)
    throw new Error(`several hosts answer in it: choose one by --host (${hosts.slice(0, 10).join(', ')})`);
  const chosen = host ?? hosts[0]!;
  if (host !== null && !hosts.includes(host)) throw new Error(`nothing in it asks port 0 of ${host}`);
  const cells = new Map<string, Cell>();
  let contradictions = 0;
  for (const exchange of telling) {
    if (exchange.server.address !== chosen) continue;
    const cell = cellOf(exchange)!;
    const key = `${cell.case} ${cell.family}`;
    const before = cells.get(key);
    if (before === undefined) cells.set(key, cell);
    else if (JSON.stringify(before.answers) !== JSON.stringify(cell.answers)) contradictions++;
  }
  const order = (cell: Cell) => CASES.indexOf(cell.case) + cell.family * CASES.length;
  const entry: StackEntry = {
    id: idOf(name),
    name,
    version: '',
    kind: 'learned',
    how: `learned from ${report.inputs.map((input) => input.name).join(', ')}`,
    date,
    cells: [...cells.values()].sort((a, b) => order(a) - order(b)),
    inside: [],
  };
  return { entry, contradictions };
}

/** The short name that goes with a name. */
export function idOf(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return id || 'learned';
}

function cellOf(exchange: ExchangeReport): Cell | null {
  const seen = observe(exchange);
  if (seen !== null) {
    // The options of a SYN-ACK and the number that is acknowledged follow the question: only the battery's own compare in full.
    if (seen.withData) return null;
    return cell(seen.case, seen.family, seen.answer);
  }
  return ordinaryCell(exchange);
}

/** A SYN to an ordinary port, which the battery asks for comparison. */
function ordinaryCell(exchange: ExchangeReport): Cell | null {
  const { evidence, portZero, probe, verdict, inferred, server } = exchange;
  const { answer } = evidence;
  if (portZero !== null || probe !== 'syn' || inferred || evidence.probe === null || answer === null) return null;
  if ((verdict !== 'accepted' && verdict !== 'refused') || answer.source !== server.address) return null;
  const described = describeAnswer(evidence.probe, answer);
  const name = described === undefined ? null : caseOf(exchange, described);
  return name === null ? null : cell(name, server.address.includes(':') ? 6 : 4, described!);
}

function cell(name: CaseName, family: 4 | 6, answer: Answer | null): Cell {
  return { case: name, family, answers: answer === null ? [] : [answer] };
}
