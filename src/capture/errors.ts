/** What went wrong with an input; stable, so that programs can test for it. */
export type CaptureErrorCode =
  | 'not-found'
  | 'unreadable'
  | 'no-captures'
  | 'empty-file'
  | 'unknown-format'
  | 'truncated-header'
  | 'truncated-record'
  | 'bad-record-length'
  | 'bad-block'
  | 'bad-compression'
  | 'unsupported-version'
  | 'verify-mismatch'
  | 'capturer-missing'
  | 'capturer-failed'
  | 'no-permission'
  | 'no-interface'
  | 'bad-filter'
  | 'interface-gone'
  | 'capture-gap'
  | 'clock-step'
  | 'link-type-unknown'
  | 'nothing-understood'
  | 'not-looked-into';

/** Where in an input the trouble is. */
export interface CaptureErrorPlace {
  /** Bytes from the start of the (uncompressed) input; null where there is none, as for a missing file. */
  readonly offset: number | null;
  /** Number of the frame that could not be read, counted from 1; null before the first. */
  readonly frame: number | null;
}

/** Trouble with an input, as opposed to trouble with a packet (a status) or suspicious traffic (a finding). */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  readonly code: CaptureErrorCode;
  readonly offset: number | null;
  readonly frame: number | null;

  constructor(code: CaptureErrorCode, message: string, place?: Partial<CaptureErrorPlace>) {
    super(message);
    this.code = code;
    this.offset = place?.offset ?? null;
    this.frame = place?.frame ?? null;
  }
}
