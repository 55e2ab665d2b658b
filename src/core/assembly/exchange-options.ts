/** The options of the opening segment, where TRAIT_HAS_OPTIONS says that there are some. */
@unmanaged
export class ExchangeOptions {
  length: u32;
  options: u32;
  options1: u32;
  options2: u32;
  options3: u32;
  options4: u32;
  options5: u32;
  options6: u32;
  options7: u32;
  options8: u32;
  options9: u32;
  unused1: u32;

  /** Enters the options of an entry, which begin at `from`. */
  static set(rows: usize, entry: u32, from: usize, length: u32): void {
    const row = rows + <usize>entry * offsetof<ExchangeOptions>();
    store<u32>(row, length);
    for (let i: usize = 0; i < length; i += 4) store<u32>(row + 4 + i, bswap<u32>(load<u32>(from + i)));
  }
}
