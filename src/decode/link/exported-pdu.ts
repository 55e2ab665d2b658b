import { u16 } from '../bytes.ts';
import {
  type Cursor,
  STEP_DONE,
  STEP_ETHERNET,
  STEP_IPV4,
  STEP_IPV6,
  STEP_LLC,
  STEP_MPLS,
  STEP_PPP,
  STEP_WLAN,
} from '../cursor.ts';
import { LAYER_EXPORTED_PDU } from '../layers.ts';
import { REASON_EXPORTED_PDU, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';

/*
 * What Wireshark writes when packets from inside of others are exported: tags (type 2, length 2, value), of which type 12 names the dissector,
 * ended by type 0; then the packet. https://www.tcpdump.org/linktypes/LINKTYPE_WIRESHARK_UPPER_PDU.html
 */
const TAG = 4;
const TAG_END = 0;
const TAG_DISSECTOR = 12;

const STEPS: ReadonlyArray<readonly [dissector: string, step: number]> = [
  ['ip', STEP_IPV4],
  ['ipv6', STEP_IPV6],
  ['eth', STEP_ETHERNET],
  ['eth_withoutfcs', STEP_ETHERNET],
  ['eth_maybefcs', STEP_ETHERNET],
  ['llc', STEP_LLC],
  ['mpls', STEP_MPLS],
  ['ppp', STEP_PPP],
  ['ppp_hdlc', STEP_PPP],
  ['wlan', STEP_WLAN],
  ['wlan_withoutfcs', STEP_WLAN],
];

/** Whether `length` bytes are the name, filled up with zeros. */
function isName(bytes: Uint8Array, at: number, length: number, name: string): boolean {
  if (length < name.length) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== (i < name.length ? name.charCodeAt(i) : 0)) return false;
  return true;
}

/** LINKTYPE_WIRESHARK_UPPER_PDU. */
export function readExportedPdu(cursor: Cursor): number {
  const { bytes } = cursor;
  if (!cursor.enter(LAYER_EXPORTED_PDU)) return STEP_DONE;
  let step = STEP_DONE;
  for (;;) {
    if (!cursor.has(TAG)) return cursor.cut(TAG, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
    const type = u16(bytes, cursor.offset);
    const length = u16(bytes, cursor.offset + 2);
    if (!cursor.has(TAG + length)) return cursor.cut(TAG + length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
    const at = cursor.offset + TAG;
    cursor.offset = at + length;
    if (type === TAG_END) break;
    if (type === TAG_DISSECTOR) step = STEPS.find(([name]) => isName(bytes, at, length, name))?.[1] ?? STEP_DONE;
  }
  return step === STEP_DONE ? cursor.unsupported(REASON_EXPORTED_PDU) : step;
}
