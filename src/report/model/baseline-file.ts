import { stringifySafely } from '../../words/escape.ts';
import { type FindingIdentity, keyOfFinding, MAX_BASELINE_ENTRIES } from './same-finding.ts';

/*
 * The text of a baseline: findings that are known and accepted, a line each, to be read in a review.
 *
 *     # portzero baseline 1
 *     syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 since 2026-11-26: the old scanner, gone by spring
 *     syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0 in "vlan 5" since 2026-11-26
 *     port-zero-scan 192.0.2.9 -> - since 2026-11-26
 *     expectation - -> "the edge refuses port 0" since 2026-11-26
 */

export interface BaselineEntry extends FindingIdentity {
  /** As in "2026-11-26". */
  readonly since: string;
  /** What a person wrote; "" when nobody did. */
  readonly why: string;
  /** Where it stands, from 1; null for one that is in no file yet. */
  readonly line: number | null;
  /** Lines of comment above it, which stay with it. */
  readonly comments: readonly string[];
}

export interface BaselineFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface ParsedBaseline {
  readonly entries: readonly BaselineEntry[];
  /** Comments that no finding follows. */
  readonly comments: readonly string[];
}

const HEAD = '# portzero baseline 1';
const EXPLANATION = [
  '# Findings that are known and do not fail, a line each: RULE WHO -> WHOM since DATE: why. Write the why, and mend the date as you',
  '# like: both are kept. `portzero analyze … --baseline THIS --update-baseline` adds what is new and takes out what is gone.',
];
const FORM = 'RULE WHO -> WHOM [in "SCOPE"] since YYYY-MM-DD[: why]';

/** Addresses come as a person may write them, as in 2001:DB8:0::1; `canonical` gives the form of reports, or null for no address. */
export function parseBaseline(
  text: string,
  canonical: (address: string) => string | null,
): ParsedBaseline | { readonly faults: readonly BaselineFault[] } {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const entries = new Map<string, BaselineEntry>();
  const faults: BaselineFault[] = [];
  let comments: string[] = [];
  let hasHead = false;
  for (const [index, whole] of lines.entries()) {
    const line = whole.trim();
    if (line === '' || EXPLANATION.includes(line)) continue;
    if (!hasHead) {
      hasHead = true;
      if (line !== HEAD) {
        const version = /^# portzero baseline (\S+)/.exec(line)?.[1];
        const message =
          version === undefined
            ? `this is no baseline: expected the first line to be "${HEAD}"`
            : `this is a baseline of version ${JSON.stringify(version)}: expected 1`;
        return { faults: [{ line: index + 1, column: 1, message }] };
      }
      continue;
    }
    if (line.startsWith('#')) {
      comments.push(line);
      continue;
    }
    const read = readLine(whole, canonical);
    if ('message' in read) faults.push({ line: index + 1, column: read.column, message: read.message });
    else if (entries.size === MAX_BASELINE_ENTRIES && !entries.has(keyOfFinding(read))) {
      faults.push({ line: index + 1, column: 1, message: `expected at most ${MAX_BASELINE_ENTRIES} findings` });
      break;
    } else add(entries, { ...read, line: index + 1, comments });
    comments = [];
  }
  return faults.length > 0 ? { faults } : { entries: [...entries.values()], comments };
}

/** A finding twice, as a merge of two branches may leave it, is one: known since the earlier date, for the reason that is there. */
function add(entries: Map<string, BaselineEntry>, entry: BaselineEntry): void {
  const key = keyOfFinding(entry);
  const known = entries.get(key);
  if (known === undefined) {
    entries.set(key, entry);
    return;
  }
  entries.set(key, {
    ...known,
    since: entry.since < known.since ? entry.since : known.since,
    why: known.why === '' ? entry.why : known.why,
    comments: [...known.comments, ...entry.comments],
  });
}

type LineFault = { readonly column: number; readonly message: string };
type ReadEntry = Omit<BaselineEntry, 'line' | 'comments'>;

function readLine(text: string, canonical: (address: string) => string | null): ReadEntry | LineFault {
  let at = 0;
  const fault = (message: string, column = at + 1): LineFault => ({ column, message: `${message}; a line is ${FORM}` });
  const skip = () => {
    while (text[at] === ' ' || text[at] === '\t') at++;
  };
  /** A word, or a text in the quotes of JSON; null where there is none. */
  const word = (): { readonly text: string; readonly quoted: boolean; readonly start: number } | null => {
    skip();
    const start = at;
    const found = /^(?:"(?:[^"\\]|\\.)*"|[^\s"]+)/.exec(text.slice(at))?.[0];
    if (found === undefined) return null;
    at += found.length;
    if (!found.startsWith('"')) return { text: found, quoted: false, start };
    try {
      return { text: JSON.parse(found) as string, quoted: true, start };
    } catch {
      at = start;
      return null;
    }
  };

  const rule = word();
  if (rule === null || rule.quoted) return fault('expected the id of a rule', (rule?.start ?? at) + 1);
  const client = word();
  if (client === null) return fault('expected who: an address, an address with a port, or - for nobody in particular');
  const who = client.quoted ? undefined : readEnd(client.text, canonical, 'client');
  if (who === undefined)
    return fault(
      `${stringifySafely(client.text)} is nobody: expected an address, 192.0.2.1:0, [2001:db8::1]:0, or -`,
      client.start + 1,
    );
  const arrow = word();
  if (arrow === null || arrow.quoted || arrow.text !== '->') return fault('expected ->', (arrow?.start ?? at) + 1);
  const server = word();
  if (server === null)
    return fault('expected whom: an address with a port, the name of an expectation in quotes, or -');
  const isName = rule.text === 'expectation';
  const whom =
    server.quoted && isName
      ? server.text
      : server.quoted || isName
        ? undefined
        : readEnd(server.text, canonical, 'server');
  if (whom === undefined) {
    const wanted = isName ? 'the name of the expectation in quotes' : '198.51.100.7:0, [2001:db8::1]:0, or -';
    return fault(`${stringifySafely(server.text)} is nobody: expected ${wanted}`, server.start + 1);
  }
  let scope = '';
  let next = word();
  if (next !== null && !next.quoted && next.text === 'in') {
    const named = word();
    if (named?.quoted !== true)
      return fault('expected a VLAN or tunnel in quotes, as in "vlan 5"', (named?.start ?? at) + 1);
    scope = named.text;
    next = word();
  }
  if (next === null || next.quoted || next.text !== 'since') return fault('expected since', (next?.start ?? at) + 1);
  skip();
  const date = /^(\d{4}-\d{2}-\d{2})(?=$|[\s:])/.exec(text.slice(at))?.[1];
  if (date === undefined || !isDate(date)) return fault('expected a date as 2026-11-26');
  at += date.length;
  const rest = text.slice(at).trim();
  if (rest !== '' && !rest.startsWith(':')) return fault('expected a colon and the reason, or the end of the line');
  return { ruleId: rule.text, who, whom, scope, since: date, why: rest.slice(1).trim() };
}

/** Null for "-", undefined for what is no end. A client has a port only where that is 0, a server always has one. */
function readEnd(
  text: string,
  canonical: (address: string) => string | null,
  end: 'client' | 'server',
): string | null | undefined {
  if (text === '-') return null;
  const bare = canonical(text);
  if (bare !== null) return end === 'client' ? bare : undefined;
  const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([^:]+)):(0|[1-9]\d{0,4})$/.exec(text) ?? [];
  const address = canonical(v6 ?? v4 ?? '');
  if (address === null || (v6 !== undefined) !== address.includes(':') || Number(port) > 65_535) return undefined;
  if (end === 'client' && port !== '0') return undefined;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** The file, the same for the same findings: sorted by rule, who and whom. */
export function formatBaseline({ entries, comments }: ParsedBaseline): string {
  const lines = entries.map((entry) => ({ entry, text: lineOf(entry) })).sort((a, b) => (a.text < b.text ? -1 : 1));
  const body = lines.flatMap(({ entry, text }) => [...entry.comments, text]);
  return `${[HEAD, ...EXPLANATION, ...body, ...comments].join('\n')}\n`;
}

/** "syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0": a finding in a line, as the baseline has it. */
export function formatIdentity({ ruleId, who, whom, scope }: FindingIdentity): string {
  const end = ruleId === 'expectation' && whom !== null ? stringifySafely(whom) : (whom ?? '-');
  const place = scope === '' ? '' : ` in ${stringifySafely(scope)}`;
  return `${ruleId} ${who ?? '-'} -> ${end}${place}`;
}

function lineOf(entry: BaselineEntry): string {
  return `${formatIdentity(entry)} since ${entry.since}${entry.why === '' ? '' : `: ${entry.why}`}`;
}
