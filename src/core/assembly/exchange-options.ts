import { ExchangeRest } from './exchange-rest';
import { restForMore } from './rows';

/** As long as most options are; what is longer goes on in the rest (exchange-rest.ts). */
const MOST: usize = 20;

/** The options of the opening segment, where TRAIT_HAS_OPTIONS says that there are some. */
@unmanaged
export class ExchangeOptions {
  length: u32;
  options: u32;
  options1: u32;
  options2: u32;
  options3: u32;
  options4: u32;

  /** Enters the options of an entry, which begin at `from`. */
  static set(rows: usize, entry: u32, from: usize, length: usize): void {
    const row = rows + <usize>entry * offsetof<ExchangeOptions>();
    store<u32>(row, <u32>length);
    for (let i: usize = 0; i < min(length, MOST); i += 4) store<u32>(row + 4 + i, bswap<u32>(load<u32>(from + i)));
    if (length <= MOST) return;
    ExchangeRest.setOptions(restForMore(entry), from + MOST, length - MOST);
  }
}
