import { u24 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_IP } from '../cursor.ts';
import { looksLikeIp } from '../heuristics.ts';
import { LAYER_LISP } from '../layers.ts';
import { SCOPE_LISP } from '../scopes.ts';

/*
 * RFC 9300 §5.3
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |N|L|E|V|I|R|K|K|            Nonce/Map-Version                  |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                 Instance ID/Locator-Status-Bits               |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const HEADER = 8;
const HAS_NONCE = 0x80;
const ECHO_NONCE = 0x20;
const HAS_MAP_VERSION = 0x10;
const HAS_INSTANCE = 0x08;

export function readLisp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(HEADER + 1)) return STEP_DONE;
  const flags = bytes[offset]!;
  // Nonce and map version share their bytes; an echo is asked for with a nonce only.
  const isSound = (flags & (HAS_NONCE | HAS_MAP_VERSION)) !== (HAS_NONCE | HAS_MAP_VERSION);
  const hasEcho = (flags & ECHO_NONCE) !== 0 && (flags & HAS_NONCE) === 0;
  if (!isSound || hasEcho || !looksLikeIp(cursor, HEADER)) return STEP_DONE;
  if (!cursor.enter(LAYER_LISP)) return STEP_DONE;
  if ((flags & HAS_INSTANCE) !== 0) cursor.within(SCOPE_LISP, u24(bytes, offset + 4));
  cursor.offset += HEADER;
  return STEP_IP;
}
