import { formatLatency } from '../../words/numbers.ts';
import type { ExchangeReport } from './types.ts';

export const ANSWER_PHRASES: Readonly<Record<string, string>> = {
  'syn-ack': 'SYN-ACK',
  reset: 'RST',
  'tcp-response': 'ACK',
  'split-handshake-syn': 'SYN',
  'no-response': 'no answer',
};
/** What came back: "RST after 0.043 ms", "port-unreach from 192.0.2.254 after 1 ms"; "" when nothing can be said. */
export function formatAnswer(exchange: ExchangeReport): string {
  const { answeredBy, latencyMs, server, reason } = exchange;
  const parts: string[] = [];
  if (exchange.inferred) return `${exchange.verdict === 'simultaneous' ? 'SYN' : 'SYN-ACK'} not captured`;
  if (reason !== null) parts.push(ANSWER_PHRASES[reason] ?? reason);
  if (answeredBy !== null && answeredBy !== server.address) parts.push(`from ${answeredBy}`);
  if (latencyMs !== null) parts.push(`after ${formatLatency(latencyMs)}`);
  return parts.join(' ');
}
