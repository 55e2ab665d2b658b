import { stringifySafely } from '../../words/escape.ts';
import type { AnalysisReport, DocumentReporter } from '../model/types.ts';

/**
 * The JSON report (schema/portzero-report.schema.json): the parts of a run on lines of their own, each exchange, finding
 * and input on one line, so that it can be read by a person, compared by diff, and written without one huge string.
 */
export const formatJson: DocumentReporter = function* ({ report }) {
  yield '{\n';
  yield `  "schemaVersion": ${report.schemaVersion},\n`;
  yield `  "tool": ${stringifySafely(report.tool)},\n`;
  yield* formatList('inputs', report.inputs);
  yield `  "summary": ${stringifySafely(report.summary, 2).replaceAll('\n', '\n  ')},\n`;
  yield* formatList('exchanges', report.exchanges);
  yield* formatList('findings', report.findings);
  yield `  "omitted": ${stringifySafely(report.omitted)},\n`;
  yield* formatOverview(report);
  const { baseline } = report;
  if (baseline !== undefined) {
    yield ',\n  "baseline": {\n';
    yield `    "file": ${stringifySafely(baseline.file)},\n    "known": ${stringifySafely(baseline.known)},\n`;
    yield* formatItems('gone', baseline.gone, '    ');
    yield '\n  }';
  }
  yield '\n}\n';
};

/** Bins and ends a line each. */
function* formatOverview({ timeline, top }: AnalysisReport): Iterable<string> {
  const { binSeconds, bins, untimed } = timeline;
  yield `  "timeline": {\n    "binSeconds": ${binSeconds},\n`;
  yield* formatItems('bins', bins, '    ');
  yield `,\n    "untimed": ${untimed}\n  },\n  "top": {\n`;
  for (const side of ['sources', 'targets'] as const) {
    const { distinct, maxError, ends } = top[side];
    yield `    "${side}": {\n      "distinct": ${stringifySafely(distinct)},\n      "maxError": ${maxError},\n`;
    yield* formatItems('ends', ends, '      ');
    yield `\n    }${side === 'sources' ? ',' : ''}\n`;
  }
  yield '  }';
}

function* formatList(name: string, items: readonly unknown[]): Iterable<string> {
  yield* formatItems(name, items, '  ');
  yield ',\n';
}

/** A list, an item a line. */
function* formatItems(name: string, items: readonly unknown[], indent: string): Iterable<string> {
  yield `${indent}"${name}": [`;
  for (const [i, item] of items.entries()) yield `${i === 0 ? '' : ','}\n${indent}  ${stringifySafely(item)}`;
  yield items.length === 0 ? ']' : `\n${indent}]`;
}
