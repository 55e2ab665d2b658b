import { u16, u32 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_WLAN } from '../cursor.ts';
import { LAYER_PEEKREMOTE } from '../layers.ts';

/**
 * What access points send to AiroPeek and OmniPeek: an 802.11 frame with its check sequence behind a header that says how it
 * was received. The newer one has a magic (4), version (1) and its own length (4); the older one 20 bytes: signal and noise (2),
 * length of the frame (2) and of what is sent of it (2), flags (1), and more.
 */
const MAGIC = 0x00ffabcd;
const NEW_HEADER = 9;
const LONGEST = 255;
const OLD_HEADER = 20;
const OLD_RESERVED_FLAGS = 0xf8;
const FCS = 4;

export function readPeekRemote(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(OLD_HEADER + 1)) return STEP_DONE;
  let length = OLD_HEADER;
  if (u32(bytes, offset) === MAGIC) {
    length = u32(bytes, offset + 5);
    if (length < NEW_HEADER || length > LONGEST) return STEP_DONE;
  } else {
    const sent = u16(bytes, offset + 4);
    const isSound = (bytes[offset + 6]! & OLD_RESERVED_FLAGS) === 0 && u16(bytes, offset + 2) >= sent;
    if (!isSound || sent !== cursor.limit - offset - OLD_HEADER) return STEP_DONE;
  }
  if (cursor.lacks(length + 1) || !cursor.enter(LAYER_PEEKREMOTE)) return STEP_DONE;
  cursor.offset += length;
  cursor.narrow(cursor.limit - FCS);
  cursor.isPadded = false;
  cursor.isControlSwapped = false;
  return STEP_WLAN;
}
