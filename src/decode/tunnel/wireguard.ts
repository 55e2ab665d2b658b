import { u24 } from '../bytes.ts';
import { type Cursor, STEP_DONE } from '../cursor.ts';
import { LAYER_WIREGUARD } from '../layers.ts';
import { REASON_WIREGUARD } from '../reasons.ts';

/** Sizes of WireGuard's messages: initiation, response, cookie; transport data is at least this and grows by 16. */
export const WIREGUARD_SIZES = [0, 148, 92, 64, 32];
export function readWireguard(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(4) || u24(bytes, offset + 1) !== 0) return STEP_DONE;
  const type = bytes[offset]!;
  const size = cursor.limit - offset;
  const isMessage = type >= 1 && type <= 3 && size === WIREGUARD_SIZES[type];
  const isData = type === 4 && size >= 32 && size % 16 === 0;
  if (!isMessage && !isData) return STEP_DONE;
  if (cursor.enter(LAYER_WIREGUARD)) cursor.unsupported(REASON_WIREGUARD);
  return STEP_DONE;
}
