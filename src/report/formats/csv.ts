import { escapeCsv } from '../../words/escape.ts';
import { formatMissed } from '../model/looked-into.ts';
import type { ExchangeReport, StreamContext, StreamReporterFactory } from '../model/types.ts';

type Cell = string | number | boolean | null;

/** The rules that fired on an exchange, and those of them whose findings the baseline has. */
interface Fired {
  readonly rules: string[];
  readonly known: string[];
}

/** Columns in order; the names are those of the JSON report with underscores. */
const COLUMNS: ReadonlyArray<
  readonly [name: string, cell: (exchange: ExchangeReport, context: StreamContext, fired: Fired) => Cell]
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
  ['client_country', ({ client }) => client.origin?.country ?? null],
  ['client_asn', ({ client }) => client.origin?.asn ?? null],
  ['client_as_organization', ({ client }) => client.origin?.organization ?? null],
  ['server_country', ({ server }) => server.origin?.country ?? null],
  ['server_asn', ({ server }) => server.origin?.asn ?? null],
  ['server_as_organization', ({ server }) => server.origin?.organization ?? null],
  ['rules', (_exchange, _context, { rules }) => rules.join(' ')],
  ['known', (_exchange, _context, { known }) => known.join(' ')],
];

/** Its own row, the last one, where there is something to say: of a column that exchanges fill, nobody would hear of it without any. */
const MISSED = 'not_looked_into';

const NOTHING_FIRED: Fired = { rules: [], known: [] };

/** The exchanges as RFC 4180 has it, with a header line; an empty field for null. */
export const streamCsv: StreamReporterFactory = (write, context) => {
  const writeRow = (cells: readonly Cell[]) =>
    write(`${cells.map((cell) => (cell === null ? '' : escapeCsv(String(cell)))).join(',')}\r\n`);
  writeRow([...COLUMNS.map(([name]) => name), MISSED]);
  /** Of exchanges that have not settled; an exchange comes after its findings. */
  const fired = new Map<number, Fired>();
  return {
    exchange(exchange) {
      const own = fired.get(exchange.id) ?? NOTHING_FIRED;
      fired.delete(exchange.id);
      writeRow([...COLUMNS.map(([, cell]) => cell(exchange, context, own)), null]);
    },
    finding({ ruleId, known }, exchange) {
      if (exchange === null) return;
      let own = fired.get(exchange.id);
      if (own === undefined) {
        own = { rules: [], known: [] };
        fired.set(exchange.id, own);
      }
      // Live, a rule may be told of again when more is known.
      if (!own.rules.includes(ruleId)) own.rules.push(ruleId);
      if (known !== undefined && known !== null && !own.known.includes(ruleId)) own.known.push(ruleId);
    },
    end({ report: { summary } }) {
      const { frames, notLookedInto } = summary;
      if (notLookedInto.frames > 0) writeRow([...COLUMNS.map(() => null), formatMissed(notLookedInto, frames)]);
    },
  };
};
