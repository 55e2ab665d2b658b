/** Segments that their receiver drops for their checksum or their data offset. */

import { ACK, type PacketRecord, RST, SYN } from '../decode/packet.ts';
import { KIND_ACK, KIND_RESET, KIND_SYN_ACK } from './answer-pool.ts';
import { UNSOLICITED } from './codes.ts';
import { addAnswer, addFrame, tellChanged } from './evidence.ts';
import { acceptDropped } from './handshake.ts';
import { isConversing, isSyn, isWaiting } from './questions.ts';
import type { Tracking } from './tracking.ts';

/** It is kept with the exchange that it is about, and changes nothing there. False when it asks itself. */
export function keepDropped(s: Tracking, packet: PacketRecord, newest: number): boolean {
  const table = s.table;
  if (packet.flags < 0 || (packet.flags & (SYN | ACK)) === SYN) return false;
  let entry = newest;
  while (entry !== 0 && table.isFromClient(entry, s.key)) {
    if (acceptDropped(s, entry, packet)) {
      addFrame(s, entry, packet);
      return true;
    }
    entry = s.attempts.after(entry);
  }
  if (entry === 0) {
    if (!isConversing(s, newest) && table.verdict(newest) !== UNSOLICITED && !isSyn(s, newest)) return false;
    addFrame(s, newest, packet);
    return true;
  }
  const isReset = (packet.flags & RST) !== 0;
  const isSynAck = (packet.flags & SYN) !== 0;
  if (!isReset && !isSynAck && !isWaiting(s, entry)) addFrame(s, entry, packet);
  else addAnswer(s, entry, packet, isReset ? KIND_RESET : isSynAck ? KIND_SYN_ACK : KIND_ACK, false);
  tellChanged(s, entry);
  return true;
}
