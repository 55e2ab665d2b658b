import { stringifySafely } from '../../words/escape.ts';
import type { DocumentReporter } from '../model/types.ts';

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
  yield `  "omitted": ${stringifySafely(report.omitted)}`;
  const { baseline } = report;
  if (baseline !== undefined) {
    yield ',\n  "baseline": {\n';
    yield `    "file": ${stringifySafely(baseline.file)},\n    "known": ${stringifySafely(baseline.known)},\n    "gone": [`;
    for (const [i, gone] of baseline.gone.entries()) yield `${i === 0 ? '' : ','}\n      ${stringifySafely(gone)}`;
    yield `${baseline.gone.length === 0 ? '' : '\n    '}]\n  }`;
  }
  yield '\n}\n';
};

function* formatList(name: string, items: readonly unknown[]): Iterable<string> {
  if (items.length === 0) {
    yield `  "${name}": [],\n`;
    return;
  }
  yield `  "${name}": [\n`;
  for (const [i, item] of items.entries()) yield `    ${stringifySafely(item)}${i < items.length - 1 ? ',' : ''}\n`;
  yield '  ],\n';
}
