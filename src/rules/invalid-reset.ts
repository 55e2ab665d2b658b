import type { ExchangeRule } from '../engine/types.ts';
import { concerns, PORTS_OPTION } from './ports.ts';

export const invalidReset: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'invalid-reset',
    severity: 'warning',
    summary: 'a RST that the client must ignore',
    meaning:
      'A RST came for the attempt, but the client has to ignore it. While it waits for the answer to its SYN, a RST counts only if it has ACK set and acknowledges the SYN (RFC 9293 section 3.10.7.3); later its sequence ' +
      'number has to be the expected one (RFC 5961 section 3.2). Linux ignores it and sends the SYN again. Such RSTs come from somebody who does not see the segments of the client and guesses (a blind reset ' +
      'attack), from middleboxes that build a RST wrongly, and from stacks with a fault.',
    action:
      'Compare TTL and IP ID of the RST with other segments of the same address: another TTL points to a box on the way or to a forger. Look at what the client did next: a retransmitted SYN shows that it ignored the RST ' +
      'too. If the RST is from your own stack or firewall, its reset generation is wrong: for a SYN it must send sequence 0 and ACK = ISN + 1 + data (RFC 9293 section 3.10.7.1). ' +
      'False positives: a RST for another attempt with the same ports, whose SYN is not in the capture. It is taken for that, and nobody is accused, where these ports ask again and again, or where the stack that refuses a later ' +
      'attempt (TTL, IP ID, window) has sent it and its number is as far behind as an earlier attempt would be; with a single attempt that nothing else answers, the capture does not tell.',
    options: { ports: PORTS_OPTION },
    messages: { reset: 'RST to {clientEnd} about {serverEnd} that the client must ignore: {resets} seen' },
  },
  match(exchange, options) {
    if (!concerns(exchange, options) || exchange.invalidResets === 0) return null;
    const frame = exchange.firstInvalidResetFrame;
    return {
      messageId: 'reset',
      data: { resets: exchange.invalidResets },
      ...(frame === null ? {} : { frames: [frame] }),
    };
  },
};
