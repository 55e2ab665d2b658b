import type { PortState, PortZeroEnd, Probe, Verdict } from '../track/exchange.ts';
import { formatNumber } from '../words/numbers.ts';
import { VERDICT_WORDS } from '../words/verdicts.ts';

export type MessageValues = Readonly<Record<string, string | number | boolean | null>>;

/** What messages say of an exchange: the part of its report that they need. */
export interface ExchangeWords {
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly address: string; readonly port: number };
  readonly portZero: PortZeroEnd | null;
  readonly probe: Probe | null;
  readonly verdict: Verdict;
  readonly state: PortState;
  readonly reason: string | null;
  readonly answeredBy: string | null;
  readonly latencyMs: number | null;
  readonly retransmissions: number;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
}

/**
 * Fills {name} in from the values; null reads as "unknown", and a name without a value stays as it is. Whole numbers are
 * grouped by thousands, but for ports.
 */
export function formatMessage(template: string, values: MessageValues): string {
  return template.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) return placeholder;
    if (value === null) return 'unknown';
    return Number.isInteger(value) && !/port$/i.test(name) ? formatNumber(value as number) : String(value);
  });
}

/**
 * The names that messages of exchange rules can use: client, server (addresses), clientPort, serverPort, clientEnd,
 * serverEnd (address and port), answer (a phrase), probeName, and the fields of the same name in the report.
 */
export function exchangeValues(exchange: ExchangeWords): MessageValues {
  const { client, server, probe } = exchange;
  return {
    client: client.address,
    clientPort: client.port,
    clientEnd: endpoint(client),
    server: server.address,
    serverPort: server.port,
    serverEnd: endpoint(server),
    answer: answerPhrase(exchange),
    probeName: probe === null ? null : PROBE_NAMES[probe],
    portZero: exchange.portZero,
    probe,
    verdict: exchange.verdict,
    state: exchange.state,
    reason: exchange.reason,
    answeredBy: exchange.answeredBy,
    latencyMs: exchange.latencyMs,
    retransmissions: exchange.retransmissions,
    bytesToServer: exchange.bytesToServer,
    bytesToClient: exchange.bytesToClient,
  };
}

const PROBE_NAMES: Readonly<Record<Probe, string>> = {
  syn: 'SYN',
  'syn-data': 'SYN with data',
  null: 'NULL',
  fin: 'FIN',
  xmas: 'XMAS',
  maimon: 'Maimon',
  ack: 'ACK',
  other: 'odd',
};

const endpoint = ({ address, port }: ExchangeWords['client']): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

function answerPhrase({ verdict, reason, answeredBy }: ExchangeWords): string {
  return VERDICT_WORDS[verdict].answer(answeredBy ?? 'unknown', reason === null ? '' : ` (${reason})`);
}
