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
  readonly width: number;
  strong(text: string): string;
}

export function formatMatrix(atlas: Atlas, style: MatrixStyle): string {
  const rows = atlas.stacks.map((stack) => [labelOf(stack), ...OVERVIEW.map(([name]) => overviewCell(stack, name))]);
  const heads = ['Stacks that were run', ...OVERVIEW.map(([, head]) => head)];
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  let text = `${style.strong(line(heads))}\n${rows.map(line).join('\n')}\n\n`;
  text += `${style.strong('By code or documentation, not run')}\n`;
  for (const { name, claims } of atlas.byCode) {
    text += `${name}\n`;
    for (const { question, says } of claims) text += wrap(`${question}: ${says}`, style.width, '  ');
  }
  text += `\n${wrap('portzero atlas STACK tells all fields of its answers, what its programs are told, and the sources.', style.width, '')}`;
  return text;
}

export function formatStack(stack: StackEntry, { width, strong }: MatrixStyle): string {
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

export function formatCode(entry: Atlas['byCode'][number], { width, strong }: MatrixStyle): string {
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
