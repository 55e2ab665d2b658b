import { endsOfFinding, isAboutDatagrams, type MaybeEnd } from '../model/finding-ends.ts';
import { datagramDigest, exchangeDigest, findingDigest } from '../model/flow-name.ts';
import { formatMissed } from '../model/looked-into.ts';
import { epochSeconds } from '../model/time.ts';
import type { ExchangeReport, FindingReport, StreamReporterFactory } from '../model/types.ts';

/*
 * A log as Zeek writes them (docs.zeek.org, "Zeek Log Formats and Inspection"; src/logging/writers/ascii and
 * src/threading/formatters/Ascii.cc of Zeek): a header that names separators, fields and types, one row a line. What conn.log has is
 * named and typed as there (scripts/base/protocols/conn/main.zeek).
 */

const SEPARATOR = '\t';
const SET_SEPARATOR = ',';
const UNSET = '-';
const EMPTY = '(empty)';

type Scalar = string | number | boolean | null;
type Value = Scalar | readonly Scalar[];
/** Of a row that is not about an exchange most is unset. */
type Row = Partial<Record<Field, Value>>;

/** Fields in order, with Zeek's types. */
const FIELDS = {
  ts: 'time',
  uid: 'string',
  'id.orig_h': 'addr',
  'id.orig_p': 'port',
  'id.resp_h': 'addr',
  'id.resp_p': 'port',
  proto: 'enum',
  orig_bytes: 'count',
  resp_bytes: 'count',
  conn_state: 'string',
  community_id: 'string',
  // What a row is about: "exchange", "finding" (of several exchanges, or of none) or "not-looked-into".
  kind: 'string',
  input: 'string',
  port_zero: 'string',
  probe: 'string',
  verdict: 'string',
  state: 'string',
  reason: 'string',
  inferred: 'bool',
  late_start: 'bool',
  answered_by: 'addr',
  answered: 'time',
  latency: 'interval',
  retransmissions: 'count',
  established: 'bool',
  close: 'string',
  probe_frame: 'count',
  answer_frame: 'count',
  frames: 'vector[count]',
  frame_count: 'count',
  layers: 'vector[string]',
  scope: 'string',
  answer_scope: 'string',
  anomalies: 'set[string]',
  fingerprint: 'string',
  orig_cc: 'string',
  orig_asn: 'count',
  orig_as_org: 'string',
  resp_cc: 'string',
  resp_asn: 'count',
  resp_as_org: 'string',
  rules: 'set[string]',
  known: 'set[string]',
  msg: 'string',
} as const;
type Field = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as readonly Field[];

interface Fired {
  readonly rules: Set<string>;
  readonly known: Set<string>;
}

export const streamZeek: StreamReporterFactory = (write, { inputName }) => {
  /** Of exchanges that have not settled; an exchange comes after its findings. */
  const fired = new Map<number, Fired>();
  const writeRow = (row: Row) => {
    const line = NAMES.map((name) => formatValue(row[name] ?? null, FIELDS[name])).join(SEPARATOR);
    // A reader would take it for a line of the header.
    write(`${line.startsWith('#') ? `\\x23${line.slice(1)}` : line}\n`);
  };
  return {
    head: () => formatHead(new Date()),
    foot: () => `#close\t${formatLocalTime(new Date())}\n`,
    exchange(exchange) {
      const own = fired.get(exchange.id);
      fired.delete(exchange.id);
      writeRow({ ...exchangeRow(exchange), input: inputName(exchange.input), ...listsOf(own) });
    },
    finding(finding, exchange) {
      if (exchange === null) {
        writeRow({ ...findingRow(finding), input: inputName(finding.input) });
        return;
      }
      const own = fired.get(exchange.id) ?? { rules: new Set(), known: new Set() };
      fired.set(exchange.id, own);
      own.rules.add(finding.ruleId);
      if (finding.known !== undefined && finding.known !== null) own.known.add(finding.ruleId);
    },
    end({ report: { summary } }) {
      const { frames, notLookedInto } = summary;
      if (notLookedInto.frames === 0) return;
      writeRow({
        kind: 'not-looked-into',
        frame_count: notLookedInto.frames,
        msg: formatMissed(notLookedInto, frames),
      });
    },
  };
};

function listsOf(fired: Fired | undefined): Row {
  return { rules: [...(fired?.rules ?? [])], known: [...(fired?.known ?? [])] };
}

function exchangeRow(exchange: ExchangeReport): Row {
  const { client, server, frames, latencyMs } = exchange;
  return {
    ts: exchange.started,
    uid: formatUid(exchangeDigest(exchange)),
    ...endFields(client, server),
    proto: 'tcp',
    orig_bytes: exchange.bytesToServer,
    resp_bytes: exchange.bytesToClient,
    conn_state: connState(exchange),
    community_id: exchange.communityId,
    kind: 'exchange',
    port_zero: exchange.portZero,
    probe: exchange.probe,
    verdict: exchange.verdict,
    state: exchange.state,
    reason: exchange.reason,
    inferred: exchange.inferred,
    late_start: exchange.lateStart,
    answered_by: exchange.answeredBy,
    answered: exchange.answered,
    latency: latencyMs === null ? null : latencyMs / 1000,
    retransmissions: exchange.retransmissions,
    established: exchange.established,
    close: exchange.close,
    probe_frame: frames.probe,
    answer_frame: frames.answer,
    frames: frames.all,
    frame_count: frames.count,
    layers: exchange.layers,
    scope: exchange.scope,
    answer_scope: exchange.answerScope,
    anomalies: exchange.anomalies,
    fingerprint: exchange.evidence.answer?.fingerprint ?? null,
  };
}

function findingRow(finding: FindingReport): Row {
  const isUdp = isAboutDatagrams(finding);
  const [client, server] = endsOfFinding(finding);
  const { ruleId, known, data, frames } = finding;
  return {
    ts: finding.time,
    uid: formatUid(isUdp ? datagramDigest(finding) : findingDigest(finding)),
    ...endFields(client, server),
    proto: isUdp ? 'udp' : 'tcp',
    community_id: isUdp && typeof data.communityId === 'string' ? data.communityId : null,
    kind: 'finding',
    frames,
    frame_count: frames.length + (finding.framesOmitted ?? 0),
    rules: [ruleId],
    known: known === undefined || known === null ? [] : [ruleId],
    msg: finding.message,
  };
}

function endFields(client: MaybeEnd, server: MaybeEnd): Row {
  return {
    'id.orig_h': client.address ?? null,
    'id.orig_p': client.port ?? null,
    'id.resp_h': server.address ?? null,
    'id.resp_p': server.port ?? null,
    orig_cc: client.origin?.country ?? null,
    orig_asn: client.origin?.asn ?? null,
    orig_as_org: client.origin?.organization ?? null,
    resp_cc: server.origin?.country ?? null,
    resp_asn: server.origin?.asn ?? null,
    resp_as_org: server.origin?.organization ?? null,
  };
}

/**
 * What conn_state() of Zeek's conn/main.zeek gives for it; null where that hangs on what is not known of an exchange. Of ordinary
 * ports nothing is followed beyond the answer.
 */
function connState({ probe, portZero, verdict, close, established, evidence }: ExchangeReport): string | null {
  if (probe !== 'syn' && probe !== 'syn-data') return null;
  if (verdict === 'refused') return 'REJ';
  if (verdict === 'silent' || verdict === 'unreachable') return 'S0';
  if (verdict !== 'accepted' || portZero === null) return null;
  if (close === 'fin') return 'SF';
  const { segments, otherAnswers } = evidence;
  if (close === 'reset') {
    if (otherAnswers.some(({ kind, acceptable }) => kind === 'reset' && acceptable)) return 'RSTR';
    const reset = segments.find(({ flags }) => hasFlag(flags, 'RST'));
    return reset === undefined ? null : reset.sender === 'server' ? 'RSTR' : 'RSTO';
  }
  const fin = segments.find(({ flags }) => hasFlag(flags, 'FIN'));
  if (!established) return null;
  return fin === undefined ? 'S1' : fin.sender === 'client' ? 'S2' : 'S3';
}

function hasFlag(flags: string, flag: string): boolean {
  return flags.split(',').includes(flag);
}

function formatHead(opened: Date): string {
  return [
    // Always a space here, and the separator itself afterwards.
    '#separator \\x09',
    `#set_separator\t${SET_SEPARATOR}`,
    `#empty_field\t${EMPTY}`,
    `#unset_field\t${UNSET}`,
    '#path\tportzero',
    `#open\t${formatLocalTime(opened)}`,
    `#fields\t${NAMES.join(SEPARATOR)}`,
    `#types\t${NAMES.map((name) => FIELDS[name]).join(SEPARATOR)}`,
    '',
  ].join('\n');
}

/** "2026-11-26-17-05-00", the clock of the machine, as Zeek has it in #open and #close. */
function formatLocalTime(time: Date): string {
  const parts = [time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes(), time.getSeconds()];
  return [time.getFullYear(), ...parts.map((part) => String(part).padStart(2, '0'))].join('-');
}

function formatValue(value: Value, type: string): string {
  if (value === null) return UNSET;
  if (typeof value === 'object') {
    return value.length === 0 ? EMPTY : value.map((item) => formatScalar(item, type, true)).join(SET_SEPARATOR);
  }
  return formatScalar(value, type, false);
}

function formatScalar(value: Scalar, type: string, inSet: boolean): string {
  if (value === null) return UNSET;
  if (typeof value === 'boolean') return value ? 'T' : 'F';
  if (type === 'time') return epochSeconds(String(value));
  if (type === 'interval') return formatInterval(Number(value));
  if (typeof value === 'number') return String(value);
  return value === '' ? EMPTY : escapeZeek(value, inSet);
}

/** Six digits at least, as Zeek has them, and what finer ones there are. */
function formatInterval(seconds: number): string {
  return seconds.toFixed(9).replace(/0{1,3}$/, '');
}

/** What steers a terminal, is not ASCII, or has a meaning here is written byte by byte, as Zeek does; the reserved words by their first. */
function escapeZeek(text: string, inSet: boolean): string {
  if (text === UNSET || text === EMPTY) return `${escapeByte(text.charCodeAt(0))}${text.slice(1)}`;
  // Two signs and a bracket are a command to some CI servers, wherever they stand in a log.
  return text.replace(inSet ? /[^ -~]|[\\,]|#(?=#\w*\[)/gu : /[^ -~]|\\|#(?=#\w*\[)/gu, (character) =>
    [...Buffer.from(character)].map(escapeByte).join(''),
  );
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** "C" and 17 characters of base 62, as Zeek's. */
function formatUid(digest: Buffer): string {
  const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let left = digest.readBigUInt64BE(0) * 2n ** 40n + digest.readBigUInt64BE(8) / 2n ** 24n;
  let text = '';
  for (let i = 0; i < 17; i++) {
    text += DIGITS[Number(left % 62n)];
    left /= 62n;
  }
  return `C${text}`;
}
