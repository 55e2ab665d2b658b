/** What the core has done to rows of the table while it read frames. */

import { LOG_CHANGED, LOG_EVICTED, LOG_OPENED, LOG_SHIFT } from '../core/layout.ts';
import { tellChanged } from './evidence.ts';
import { endExchange, loseQuestion } from './expiry.ts';
import type { Tracking } from './tracking.ts';

/** The rows are as they were when the core was done with them: nobody has them yet. */
export function tellLog(s: Tracking, log: Int32Array): void {
  const { table, view, sink } = s;
  for (const word of log) {
    const entry = word >>> LOG_SHIFT;
    const what = word & ((1 << LOG_SHIFT) - 1);
    if (what === LOG_OPENED) {
      sink.opened?.(view.at(entry));
      tellChanged(s, entry);
    } else if (what === LOG_CHANGED) tellChanged(s, entry);
    else {
      if (what === LOG_EVICTED) loseQuestion(s, entry);
      endExchange(s, entry);
      table.recycle(entry);
    }
  }
}
