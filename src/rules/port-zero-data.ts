import type { ExchangeRule } from '../engine/types.ts';

export const portZeroData: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'port-zero-data',
    severity: 'error',
    summary: 'payload went over port 0',
    meaning:
      'A segment with port 0 at one end carried data. Scanners send none, so this is either a conversation that really runs over port 0 (behind a redirect, a proxy or a stack of its own), ' +
      'a covert channel that counts on port 0 being left out of filters and logs, or data put into a SYN (TCP Fast Open, or a probe that looks at how a stack treats it). ' +
      'Text inside a RST, which some stacks and middleboxes send as an explanation (RFC 9293 section 3.5.3 allows it), is no data of a connection: it stands in the evidence.',
    action:
      'Open the frame in Wireshark (the report gives the display filter) and read the payload. With an established connection, find the process or the rule behind it as under port-zero-accepted, and ' +
      'treat the hosts as suspect until it is explained. Data in a lone SYN is evidence about the stack of the sender rather than a transfer: compare bytesToServer and bytesToClient. ' +
      'False positives: a test rig that redirects port 0 on purpose.',
    options: {},
    messages: {
      data: 'payload over port 0 between {clientEnd} and {serverEnd} (bytes to server {bytesToServer}, to client {bytesToClient})',
    },
  },
  match({ portZero, dataFrame }) {
    return portZero === null || dataFrame === null ? null : { messageId: 'data', frames: [dataFrame] };
  },
};
