import { escapeCsv } from '../../words/escape.ts';
import type { ExchangeReport, StreamContext, StreamReporterFactory } from '../model/types.ts';

type Cell = string | number | boolean | null;

/** Columns in order; the names are those of the JSON report with underscores. */
const COLUMNS: ReadonlyArray<
  readonly [name: string, cell: (exchange: ExchangeReport, context: StreamContext) => Cell]
> = [
  ['input', ({ input }) => input],
  ['input_name', ({ input }, { inputName }) => inputName(input)],
  ['id', ({ id }) => id],
  ['started', ({ started }) => started],
  ['client_address', ({ client }) => client.address],
  ['client_port', ({ client }) => client.port],
  ['server_address', ({ server }) => server.address],
  ['server_port', ({ server }) => server.port],
  ['port_zero', ({ portZero }) => portZero],
  ['probe', ({ probe }) => probe],
  ['verdict', ({ verdict }) => verdict],
  ['state', ({ state }) => state],
  ['reason', ({ reason }) => reason],
  ['inferred', ({ inferred }) => inferred],
  ['late_start', ({ lateStart }) => lateStart],
  ['answered_by', ({ answeredBy }) => answeredBy],
  ['answered', ({ answered }) => answered],
  ['latency_ms', ({ latencyMs }) => latencyMs],
  ['retransmissions', ({ retransmissions }) => retransmissions],
  ['probe_frame', ({ frames }) => frames.probe],
  ['answer_frame', ({ frames }) => frames.answer],
  ['frames', ({ frames }) => frames.all.join(' ')],
  ['frame_count', ({ frames }) => frames.count],
  ['established', ({ established }) => established],
  ['bytes_to_server', ({ bytesToServer }) => bytesToServer],
  ['bytes_to_client', ({ bytesToClient }) => bytesToClient],
  ['close', ({ close }) => close],
  ['layers', ({ layers }) => layers.join(' ')],
  ['scope', ({ scope }) => scope],
  ['answer_scope', ({ answerScope }) => answerScope],
  ['community_id', ({ communityId }) => communityId],
  ['anomalies', ({ anomalies }) => anomalies.join(' ')],
  ['fingerprint', ({ evidence }) => evidence.answer?.fingerprint ?? null],
];

/** The exchanges as RFC 4180 has it, with a header line; an empty field for null. */
export const streamCsv: StreamReporterFactory = (write, context) => {
  const writeRow = (cells: readonly Cell[]) =>
    write(`${cells.map((cell) => (cell === null ? '' : escapeCsv(String(cell)))).join(',')}\r\n`);
  writeRow(COLUMNS.map(([name]) => name));
  return {
    exchange(exchange) {
      writeRow(COLUMNS.map(([, cell]) => cell(exchange, context)));
    },
    finding() {},
    end() {},
  };
};
