import { setFlagsFromString } from 'node:v8';

/*
 * When V8 compiles for speed. Of a large ordinary capture the core leaves so little to JavaScript that the run is over before what TurboFan makes of it
 * has paid for itself: of a million frames of conversations that was an eighth of the processor time. So there functions have to run longer for it,
 * until it shows that they will.
 */

/** Bytecode that a function runs through, three times at least, before V8 11 (Node 20) compiles it: by default, and here. Other versions have other ways. */
const USUAL = 67_584;
const LONG = 300_000;
const KNOWN = '11.3.';

let isDelayed = false;

/** For this process, until compileAsUsual(): so by the command alone, whose process it is. */
export function delayCompiling(): void {
  if (isDelayed || !process.versions.v8.startsWith(KNOWN)) return;
  setFlagsFromString(`--interrupt-budget=${LONG}`);
  isDelayed = true;
}

/** There is much to do, or nothing more. What is kept of compiled code (bin/kept-code.js) is of use only to who runs with the same flags. */
export function compileAsUsual(): void {
  if (!isDelayed) return;
  setFlagsFromString(`--interrupt-budget=${USUAL}`);
  isDelayed = false;
}
