import { wrap } from '../report/formats/layout.ts';
import { labelOf } from './load.ts';
import { type Answer, type Atlas, CASE_TEXTS, CASES, type CaseName, type Cell, type StackEntry } from './types.ts';

/** Cases in the columns of the overview, with a heading that fits. */
const OVERVIEW: readonly (readonly [CaseName, string])[] = [
  ['syn-to-0', 'SYN →0'],
  ['syn-from-0-to-open', '0→ open'],
  ['syn-from-0-to-closed', '0→ closed'],
  ['syn-0-to-0', '0→0'],
  ['null-to-0', 'NULL'],
  ['fin-to-0', 'FIN'],
  ['xmas-to-0', 'XMAS'],
  ['maimon-to-0', 'Maimon'],
  ['ack-to-0', 'ACK'],
  ['udp-to-0', 'UDP →0'],
];

/** An answer in a word or two: "RST", "SYN-ACK", "silent", "ICMP 3/3". */
export function shortAnswer(answers: readonly Answer[] | undefined): string {
  if (answers === undefined) return '·';
  const first = answers[0];
  if (first === undefined) return 'silent';
  switch (first.kind) {
    case 'icmp':
      return `ICMP ${first.type}/${first.code}`;
    case 'rst':
      return first.flags?.includes('ACK') === true ? 'RST/ACK' : 'RST';
    case 'syn-ack':
      return 'SYN-ACK';
    default:
      return first.kind.toUpperCase();
  }
}

/** All fields of an answer that matter. */
export function longAnswer(answer: Answer): string {
  const { kind, flags, sequence, acknowledgment, window, options, ttl, ipId, dontFragment } = answer;
  const ip = [`TTL ${ttl}`, ...(ipId === undefined ? [] : [`IP ID ${ipId}`, ...(dontFragment === true ? ['DF'] : [])])];
  if (kind === 'icmp') return [`ICMP ${answer.type}/${answer.code}`, ...ip].join(', ');
  if (kind === 'udp') return ['UDP', ...ip].join(', ');
  const tcp = [`flags ${flags}`, `sequence ${sequence}`, `acknowledgment ${acknowledgment}`, `window ${window}`];
  return [...tcp, ...(options === undefined ? [] : [`options ${options}`]), ...ip].join(', ');
}

function cellOf(stack: StackEntry, name: CaseName, family: 4 | 6): Cell | undefined {
  return stack.cells.find((cell) => cell.case === name && cell.family === family);
}

/** Over IPv4, and where IPv6 differs, that too. */
function overviewCell(stack: StackEntry, name: CaseName): string {
  const four = shortAnswer(cellOf(stack, name, 4)?.answers);
  const six = cellOf(stack, name, 6);
  // ICMP and ICMPv6 have numbers of their own for the same thing.
  if (six === undefined || four.startsWith('ICMP')) return four;
  const other = shortAnswer(six.answers);
  return other === four ? four : `${four} (IPv6: ${other})`;
}

export interface MatrixStyle {
  /** Columns of the terminal. */
  readonly width: number;
  /** Columns of sentences, which are hard to read where they are long. */
  readonly proseWidth: number;
  strong(text: string): string;
}

const GAP = '  ';
/** What must be left for answers beside the names of stacks; with less, their short ids stand there. */
const ROOM_FOR_ANSWERS = 24;

export function formatMatrix(atlas: Atlas, style: MatrixStyle): string {
  let text = formatTable(atlas, style);
  text += `${style.strong('By code or documentation, not run')}\n`;
  for (const { name, claims } of atlas.byCode) {
    text += `${name}\n`;
    for (const { question, says } of claims) text += wrap(`${question}: ${says}`, style.proseWidth, '  ');
  }
  text += `\n${wrap('portzero atlas STACK tells all fields of its answers, what its programs are told, and the sources.', style.proseWidth, '')}`;
  return text;
}

/** The matrix in as many tables under each other as the width asks for, each with the stacks at its left. */
function formatTable({ stacks }: Atlas, { width, strong }: MatrixStyle): string {
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const labels = stacks.map(labelOf);
  const names = widest(labels) + GAP.length + ROOM_FOR_ANSWERS <= width ? labels : stacks.map(({ id }) => id);
  const heading = 'Stacks that were run';
  // Beside ids a long heading would take the room that they save.
  const first = [names === labels ? heading : 'Stacks', ...names];
  const columns = OVERVIEW.map(([name, head]) => [head, ...stacks.map((stack) => overviewCell(stack, name))]);
  let text = '';
  let shown = [first];
  let used = widest(first);
  const flush = () => {
    const lines = first.map((_, row) =>
      shown
        .map((column) => column[row]!.padEnd(widest(column)))
        .join(GAP)
        .trimEnd(),
    );
    text += `${strong(lines[0]!)}\n${lines.slice(1).join('\n')}\n\n`;
    shown = [first];
    used = widest(first);
  };
  for (const column of columns) {
    const more = GAP.length + widest(column);
    if (used + more > width && shown.length > 1) flush();
    shown.push(column);
    used += more;
  }
  flush();
  return text;
}

export function formatStack(stack: StackEntry, { proseWidth: width, strong }: MatrixStyle): string {
  let text = `${strong(labelOf(stack))}  (${stack.id}; ${stack.kind}; run on ${stack.date})\n${wrap(`${stack.how}.`, width, '  ')}`;
  for (const family of [4, 6] as const) {
    const cells = CASES.flatMap((name) => cellOf(stack, name, family) ?? []);
    if (cells.length === 0) continue;
    text += `\n${strong(`Over IPv${family}`)}\n`;
    for (const cell of cells) {
      text += `  ${CASE_TEXTS[cell.case]}\n`;
      if (cell.answers.length === 0) text += '      silent\n';
      for (const answer of cell.answers) text += wrap(longAnswer(answer), width, '      ');
    }
  }
  if (stack.inside.length > 0) text += `\n${strong('From inside')}\n`;
  for (const { question, program, told, synLeft } of stack.inside) {
    text += wrap(`${question}, ${program}: ${told} (${synLeft ? 'a SYN left' : 'no SYN left'})`, width, '  ');
  }
  return text;
}

export function formatCode(entry: Atlas['byCode'][number], { proseWidth: width, strong }: MatrixStyle): string {
  let text = `${strong(entry.name)}  (${entry.id}; by ${entry.evidence}, not run)\n`;
  for (const claim of entry.claims) {
    text += wrap(`${claim.question}: ${claim.says}`, width, '  ');
    text += wrap(sourceOf(claim), width, '      ');
  }
  return text;
}

export function sourceOf(claim: Atlas['byCode'][number]['claims'][number]): string {
  if (claim.page !== undefined) return claim.page;
  const at = claim.commit === undefined ? '' : ` at ${claim.commit.slice(0, 12)}`;
  return `${claim.repository} ${claim.file}${claim.function === undefined ? '' : ` ${claim.function}()`}${at}`;
}
