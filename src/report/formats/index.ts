import { extname } from 'node:path';
import type { DocumentReporter, StreamReporterFactory } from '../model/types.ts';
import { formatText } from './text.ts';

export type LoadedReporter =
  | { readonly kind: 'document'; readonly format: DocumentReporter }
  | { readonly kind: 'stream'; readonly create: StreamReporterFactory };

interface FormatRow {
  /** Loads its code: a run pays only for the formats that it writes. */
  load(): Promise<LoadedReporter>;
  /** For a live run, where that differs: results as they come. */
  loadLive?(): Promise<LoadedReporter>;
  /** Endings of --report that ask for it. */
  readonly endings: readonly string[];
  /** It is made of the report's lists of exchanges and findings, not of groups or of results as they come. */
  readonly needsLists: boolean;
  /** It tells a person itself what came out; for the others a summary goes to standard error. */
  readonly hasSummary?: true;
}

const document = (format: DocumentReporter): LoadedReporter => ({ kind: 'document', format });
const stream = (create: StreamReporterFactory): LoadedReporter => ({ kind: 'stream', create });

/** The formats of reports, a row each, in the order in which they are listed. */
const ROWS = {
  text: {
    load: async () => document(formatText),
    loadLive: async () => stream((await import('./live-text.ts')).streamText),
    endings: ['.txt'],
    needsLists: false,
    hasSummary: true,
  },
  json: {
    load: async () => document((await import('./json.ts')).formatJson),
    endings: ['.json'],
    needsLists: true,
  },
  ndjson: {
    load: async () => stream((await import('./ndjson.ts')).streamNdjson),
    endings: ['.ndjson'],
    needsLists: false,
  },
  eve: {
    load: async () => stream((await import('./eve.ts')).streamEve),
    endings: [],
    needsLists: false,
  },
  sarif: {
    load: async () => document((await import('./sarif.ts')).formatSarif),
    endings: ['.sarif', '.sarif.json'],
    needsLists: true,
  },
  junit: {
    load: async () => document((await import('./junit.ts')).formatJunit),
    endings: ['.xml'],
    needsLists: true,
  },
  github: {
    load: async () => document((await import('./github.ts')).formatGithub),
    endings: [],
    needsLists: true,
    hasSummary: true,
  },
  csv: {
    load: async () => stream((await import('./csv.ts')).streamCsv),
    endings: ['.csv'],
    needsLists: false,
  },
  zeek: {
    load: async () => stream((await import('./zeek.ts')).streamZeek),
    endings: ['.log'],
    needsLists: false,
  },
  ecs: {
    load: async () => stream((await import('./ecs.ts')).streamEcs),
    endings: ['.ecs.json', '.ecs.ndjson'],
    needsLists: false,
  },
  html: {
    load: async () => document((await import('../html/html.ts')).formatHtml),
    endings: ['.html'],
    needsLists: true,
  },
} as const satisfies Readonly<Record<string, FormatRow>>;

export type ReportFormat = keyof typeof ROWS;

const rowOf = (format: ReportFormat): FormatRow => ROWS[format];

/** What --format knows. */
export const FORMATS = Object.keys(ROWS) as readonly ReportFormat[];

export function isReportFormat(name: string): name is ReportFormat {
  return Object.hasOwn(ROWS, name);
}

export function loadReporter(format: ReportFormat): Promise<LoadedReporter> {
  return rowOf(format).load();
}

/** Like loadReporter, for a live run: text comes finding by finding there. */
export function loadLiveReporter(format: ReportFormat): Promise<LoadedReporter> {
  const row = rowOf(format);
  return (row.loadLive ?? row.load)();
}

/** The text of a live run (live-text.ts), which nobody chooses by this name. */
export const LIVE_TEXT_NAME = 'live-text';

/** Whether a format is made of the report's lists; those of plugins may be. */
export function needsLists(format: string): boolean {
  // A live run's text has the groups at its end, as text has.
  if (format === LIVE_TEXT_NAME) return false;
  return !isReportFormat(format) || rowOf(format).needsLists;
}

/** Whether a format tells a person what came out; those of plugins do not. */
export function hasSummary(format: string): boolean {
  return isReportFormat(format) && rowOf(format).hasSummary === true;
}

/** What --report writes, by the ending of the path; pcapng is evidence, and no reporter's. */
const ENDINGS = new Map<string, ReportFormat | 'pcapng'>([
  ...FORMATS.flatMap((format) => rowOf(format).endings.map((ending) => [ending, format] as const)),
  ['.pcapng', 'pcapng'],
]);
/** As messages list them. */
export const REPORT_ENDINGS = [...ENDINGS.keys()];

/** The format that the ending of a path asks for; null when it is none of REPORT_ENDINGS. */
export function formatOfPath(path: string): ReportFormat | 'pcapng' | null {
  const lower = path.toLowerCase();
  // A double ending, as code scanning tools use, says more than its last part.
  const double = REPORT_ENDINGS.find((ending) => ending.lastIndexOf('.') > 0 && lower.endsWith(ending));
  return ENDINGS.get(double ?? extname(lower)) ?? null;
}
