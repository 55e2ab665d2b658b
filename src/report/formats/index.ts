import { extname } from 'node:path';
import type { DocumentReporter, StreamReporterFactory } from '../model/types.ts';
import { formatText } from './text.ts';

/** What --format knows. */
export const FORMATS = ['text', 'json', 'ndjson', 'eve', 'sarif', 'junit', 'github', 'csv', 'html'] as const;
export type ReportFormat = (typeof FORMATS)[number];

export type LoadedReporter =
  | { readonly kind: 'document'; readonly format: DocumentReporter }
  | { readonly kind: 'stream'; readonly create: StreamReporterFactory };

/** Loads the code of one format: a run pays only for those that it writes. */
export async function loadReporter(format: ReportFormat): Promise<LoadedReporter> {
  switch (format) {
    case 'text':
      return { kind: 'document', format: formatText };
    case 'json':
      return { kind: 'document', format: (await import('./json.ts')).formatJson };
    case 'sarif':
      return { kind: 'document', format: (await import('./sarif.ts')).formatSarif };
    case 'junit':
      return { kind: 'document', format: (await import('./junit.ts')).formatJunit };
    case 'github':
      return { kind: 'document', format: (await import('./github.ts')).formatGithub };
    case 'html':
      return { kind: 'document', format: (await import('../html/html.ts')).formatHtml };
    case 'ndjson':
      return { kind: 'stream', create: (await import('./ndjson.ts')).streamNdjson };
    case 'eve':
      return { kind: 'stream', create: (await import('./eve.ts')).streamEve };
    case 'csv':
      return { kind: 'stream', create: (await import('./csv.ts')).streamCsv };
  }
}

/** Like loadReporter, for a live run: text comes finding by finding there. */
export async function loadLiveReporter(format: ReportFormat): Promise<LoadedReporter> {
  if (format === 'text') return { kind: 'stream', create: (await import('./live-text.ts')).streamText };
  return loadReporter(format);
}

/** What --report writes, by the ending of the path; pcapng is evidence, and no reporter's. */
const ENDINGS: Readonly<Record<string, ReportFormat | 'pcapng'>> = {
  '.txt': 'text',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.sarif': 'sarif',
  '.xml': 'junit',
  '.html': 'html',
  '.csv': 'csv',
  '.pcapng': 'pcapng',
};
export const REPORT_ENDINGS = Object.keys(ENDINGS);

/** The format that the ending of a path asks for; null when it is none of REPORT_ENDINGS. */
export function formatOfPath(path: string): ReportFormat | 'pcapng' | null {
  const lower = path.toLowerCase();
  // A common double ending, which code scanning tools use too.
  if (lower.endsWith('.sarif.json')) return 'sarif';
  return ENDINGS[extname(lower)] ?? null;
}
