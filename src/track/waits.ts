/** Which plain segments of ordinary ports are wanted. */

import { isHalfKnown, isUnanswered } from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { addWaiting, dropWaiting } from './waiting-ports.ts';

/** Directions of ordinary ports in which a plain segment may tell of a missing answer. */
export const WAITS_NONE = 0;
export const WAITS_BOTH = 1;
const WAITS_SERVER = 2;

/** The exchange is in another state: what is to be let through of its plain segments? */
export function watchWaits(s: Tracking, entry: number): void {
  const table = s.table;
  const client = table.clientPort(entry);
  const server = table.serverPort(entry);
  if (client === 0 || server === 0) return;
  let waits = WAITS_NONE;
  if (isUnanswered(s, entry)) waits = isHalfKnown(s, entry) ? WAITS_SERVER : WAITS_BOTH;
  setWaits(s, entry, waits, client, server);
}

export function setWaits(s: Tracking, entry: number, waits: number, client: number, server: number): void {
  const before = s.table.get(entry, t.WAITS);
  if (before === waits) return;
  s.table.set(entry, t.WAITS, waits);
  if (waits !== WAITS_NONE && before === WAITS_NONE) addWaiting(s.waiting, server, client);
  if (waits === WAITS_NONE) dropWaiting(s.waiting, server, client);
  if (waits === WAITS_BOTH) addWaiting(s.waiting, client, server);
  else if (before === WAITS_BOTH) dropWaiting(s.waiting, client, server);
}
