import { stringifySafely } from '../../words/escape.ts';
import type { StreamReporterFactory } from '../model/types.ts';

/** The objects of the JSON report, a line each as they settle; the first key is the type. The last line is the summary. */
export const streamNdjson: StreamReporterFactory = (write) => ({
  exchange: (exchange) => write(`${stringifySafely({ type: 'exchange', ...exchange })}\n`),
  finding: (finding) => write(`${stringifySafely({ type: 'finding', ...finding })}\n`),
  stats: (stats) => write(`${stringifySafely({ type: 'stats', ...stats })}\n`),
  end({ report: { schemaVersion, tool, inputs, summary, omitted, timeline, top, baseline } }) {
    write(
      `${stringifySafely({ type: 'summary', schemaVersion, tool, inputs, summary, omitted, timeline, top, baseline })}\n`,
    );
  },
});
