import type { Rule } from '../engine/types.ts';
import { conflictingAnswers } from './conflicting-answers.ts';
import { invalidReset } from './invalid-reset.ts';
import { malformedPortZero } from './malformed-port-zero.ts';
import { portZeroAccepted } from './port-zero-accepted.ts';
import { portZeroBackscatter } from './port-zero-backscatter.ts';
import { portZeroCut } from './port-zero-cut.ts';
import { portZeroData } from './port-zero-data.ts';
import { portZeroFlood } from './port-zero-flood.ts';
import { portZeroScan } from './port-zero-scan.ts';
import { stealthProbeToPortZero } from './stealth-probe-to-port-zero.ts';
import { synFromPortZero } from './syn-from-port-zero.ts';
import { synToPortZero } from './syn-to-port-zero.ts';
import { udpPortZero } from './udp-port-zero.ts';

/** The rules that come with portzero, in the order in which they are listed and evaluated. */
export const rules: readonly Rule[] = [
  synToPortZero,
  synFromPortZero,
  portZeroAccepted,
  portZeroData,
  stealthProbeToPortZero,
  portZeroBackscatter,
  portZeroScan,
  portZeroFlood,
  invalidReset,
  conflictingAnswers,
  malformedPortZero,
  portZeroCut,
  udpPortZero,
];
