import { TOTALS_LENGTH } from '../core/layout.ts';

/** What is known of all frames of an input, those included that triage has kept from the decoder. */
export class FrameTotals {
  /** The numbers, in the order of the properties below. */
  readonly cells: Float64Array;

  /** `cells`: where to count, so that others can count there too. */
  constructor(cells: Float64Array = new Float64Array(TOTALS_LENGTH)) {
    this.cells = cells;
    cells.fill(0);
    this.firstSeconds = Number.POSITIVE_INFINITY;
    this.lastSeconds = Number.NEGATIVE_INFINITY;
  }

  get frames(): number {
    return this.cells[0]!;
  }

  set frames(value: number) {
    this.cells[0] = value;
  }

  get bytes(): number {
    return this.cells[1]!;
  }

  set bytes(value: number) {
    this.cells[1] = value;
  }

  /** Segments that were kept from the decoder. */
  get tcpSegments(): number {
    return this.cells[2]!;
  }

  set tcpSegments(value: number) {
    this.cells[2] = value;
  }

  /** Earliest and latest time stamp: captures need not be in order. */
  get firstSeconds(): number {
    return this.cells[3]!;
  }

  set firstSeconds(value: number) {
    this.cells[3] = value;
  }

  get firstNanos(): number {
    return this.cells[4]!;
  }

  set firstNanos(value: number) {
    this.cells[4] = value;
  }

  get firstDigits(): number {
    return this.cells[5]!;
  }

  set firstDigits(value: number) {
    this.cells[5] = value;
  }

  get lastSeconds(): number {
    return this.cells[6]!;
  }

  set lastSeconds(value: number) {
    this.cells[6] = value;
  }

  get lastNanos(): number {
    return this.cells[7]!;
  }

  set lastNanos(value: number) {
    this.cells[7] = value;
  }

  get lastDigits(): number {
    return this.cells[8]!;
  }

  set lastDigits(value: number) {
    this.cells[8] = value;
  }
}
