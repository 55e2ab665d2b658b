/** Prints who asked for port 0 in a capture and how each was answered; then the verdicts, counted. */
import { analyzeCapture, type Rule } from 'portzero';

/** A rule of one's own: it is asked beside the ones that come with portzero. */
const slowAnswer: Rule = {
  kind: 'exchange',
  meta: {
    id: 'slow-answer',
    severity: 'info',
    summary: 'port 0 was answered after more than three attempts',
    meaning: 'The first segments were lost, or something on the way held them back.',
    action: 'Compare the time to live of the answer with that of other segments of the host.',
    options: {},
    messages: { slow: '{client} had to ask {server} more than three times' },
  },
  match: ({ verdict, retransmissions }) => (verdict !== 'silent' && retransmissions > 3 ? { messageId: 'slow' } : null),
};

const [capture = 'trace.pcap'] = process.argv.slice(2);
const analysis = analyzeCapture(capture, { exchanges: 'all', rules: [slowAnswer] });
for await (const event of analysis) {
  if (event.type !== 'exchange' || event.exchange.portZero === null) continue;
  const { client, server, verdict, state, reason } = event.exchange;
  console.log(
    `${client.address} asked ${server.address} port ${server.port}: ${verdict} (${state}, ${reason ?? 'no reason'})`,
  );
}

const { summary } = await analysis.report();
console.log(`${summary.portZero.total} of ${summary.exchanges.total} exchanges touched port 0`);
