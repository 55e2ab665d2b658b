import { createGunzip, type Gunzip } from 'node:zlib';
import { CaptureError } from '../errors.ts';
import { type ByteSource, StreamSource } from './byte-source.ts';

/**
 * Bytes handed to zlib at once, and most that it hands back at once: its work runs in another thread, and so many take a fifth
 * less time than an eighth of them.
 */
const PIECE = 512 * 1024;
/** The same where the input cannot be read again: when zlib finds damage, node drops up to so much of what came before. */
const PIECE_ONCE = 64 * 1024;

/** In what steps the input is read once more where there is damage, each from where the step before it found some. */
const CAREFUL_STEPS = [4096, 1];

/** Feeds `gunzip` from `source`: `length` bytes at once, from byte `carefulFrom` on `step`. Ends, or destroys, it. */
async function feed(
  gunzip: Gunzip,
  source: ByteSource,
  length: number,
  carefulFrom = Number.POSITIVE_INFINITY,
  step = length,
): Promise<void> {
  const input = new Uint8Array(length);
  const write = (start: number, end: number) =>
    // The callback comes when zlib is done with these bytes and its output was taken, so the buffer can be used again.
    new Promise<void>((resolve) => {
      gunzip.write(input.subarray(start, end), () => resolve());
    });
  try {
    let fed = 0;
    while (!gunzip.destroyed) {
      const read = source.read(input, 0, Math.min(length, fed < carefulFrom ? carefulFrom - fed : step));
      const count = typeof read === 'number' ? read : await read;
      if (count === 0) break;
      await write(0, count);
      fed += count;
    }
    if (!gunzip.destroyed) gunzip.end();
  } catch (error) {
    gunzip.destroy(error as Error);
  }
}

/**
 * What gzip holds, of any number of members. zlib works in its own thread. Damage rejects with CaptureError
 * bad-compression, after everything before it was handed out.
 */
export class GzipSource implements ByteSource {
  readonly #source: ByteSource;
  /** What is read now: the source, or the same bytes again. */
  #current: ByteSource;
  #gunzip: Gunzip;
  #output: StreamSource;
  #delivered = 0;
  /** Bytes to come that were delivered before. */
  #skip = 0;
  #steps = 0;
  /** As it was found last. */
  #damage: CaptureError | null = null;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#current = source;
    const piece = source.canReopen ? PIECE : PIECE_ONCE;
    this.#gunzip = createGunzip({ chunkSize: piece });
    this.#output = new StreamSource(this.#gunzip);
    void feed(this.#gunzip, source, piece);
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  get totalBytes(): number | null {
    return this.#source.totalBytes;
  }

  async read(bytes: Uint8Array, start: number, end: number): Promise<number> {
    for (;;) {
      try {
        const count = await this.#output.read(bytes, start, end);
        // Where zlib takes what is behind the damage for padding in smaller steps.
        if (count === 0 && this.#damage !== null) throw this.#damage;
        const skipped = Math.min(this.#skip, count);
        this.#skip -= skipped;
        if (skipped > 0 && skipped === count) continue;
        if (skipped > 0) bytes.copyWithin(start, start + skipped, start + count);
        this.#delivered += count - skipped;
        return count - skipped;
      } catch (error) {
        if (error === this.#damage) throw error;
        this.#readAgain(error as NodeJS.ErrnoException);
      }
    }
  }

  /**
   * When zlib finds damage, node drops what the same call had made of the bytes before it: up to a piece, and the end of a
   * sound member when garbage follows. So it is all done again up to there, and then in smaller steps. Throws the damage when
   * there is nothing left to do; a pipe cannot be read again.
   */
  #readAgain(error: NodeJS.ErrnoException): void {
    // Not zlib's error, but the input's.
    if (!(error.code ?? '').startsWith('Z_')) throw error;
    if (error.code === 'Z_BUF_ERROR') {
      throw new CaptureError('bad-compression', 'the gzip data end too early: the file was cut');
    }
    const sound = this.#gunzip.bytesWritten;
    this.#damage = new CaptureError(
      'bad-compression',
      `the gzip data are damaged after byte ${sound} (${error.message})`,
    );
    const step = CAREFUL_STEPS[this.#steps++];
    const again = step === undefined ? null : this.#source.reopen();
    if (again === null) throw this.#damage;
    if (this.#current !== this.#source) this.#current.close();
    this.#current = again;
    this.#gunzip = createGunzip({ chunkSize: PIECE });
    this.#output = new StreamSource(this.#gunzip);
    this.#skip = this.#delivered;
    void feed(this.#gunzip, again, PIECE, sound, step);
  }

  get canReopen(): boolean {
    return this.#source.canReopen;
  }

  reopen(): ByteSource | null {
    const again = this.#source.reopen();
    return again === null ? null : new GzipSource(again);
  }

  close(): void {
    this.#output.close();
    this.#current.close();
    this.#source.close();
  }
}
