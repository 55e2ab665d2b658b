import { createGunzip, type Gunzip } from 'node:zlib';
import { type ByteSource, StreamSource } from './byte-source.ts';
import { CaptureError } from './errors.ts';

/**
 * Bytes handed to zlib at once, and most that it hands back at once: its work runs in another thread, and so many take a fifth
 * less time than an eighth of them.
 */
const PIECE = 512 * 1024;
/** The same where the input cannot be read again: when zlib finds damage, node drops up to so much of what came before. */
const PIECE_ONCE = 64 * 1024;

/** Feeds `gunzip` from `source`: in big pieces, but from byte `carefulFrom` on one by one. Ends, or destroys, it. */
async function feed(
  gunzip: Gunzip,
  source: ByteSource,
  length: number,
  carefulFrom = Number.POSITIVE_INFINITY,
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
      const read = source.read(input, 0, Math.min(input.length, Math.max(1, carefulFrom - fed)));
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
  readonly #gunzip: Gunzip;
  readonly #output: StreamSource;
  #delivered = 0;
  /** What was recovered of the last bytes before damage, and the damage. */
  #tail: Uint8Array = new Uint8Array(0);
  #damage: CaptureError | null = null;

  constructor(source: ByteSource) {
    this.#source = source;
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
    if (this.#damage === null) {
      try {
        const count = await this.#output.read(bytes, start, end);
        this.#delivered += count;
        return count;
      } catch (error) {
        await this.#recover(error as NodeJS.ErrnoException);
      }
    }
    const count = Math.min(this.#tail.length, end - start);
    if (count === 0) throw this.#damage;
    bytes.set(this.#tail.subarray(0, count), start);
    this.#tail = this.#tail.subarray(count);
    return count;
  }

  /**
   * When zlib finds damage, node drops what the same call had made of the bytes before it: up to chunkSize, and the end of a
   * sound member when garbage follows. So it is all done again up to there, and then byte by byte. Not possible in a pipe.
   */
  async #recover(error: NodeJS.ErrnoException): Promise<void> {
    // Not zlib's error, but the input's.
    if (!(error.code ?? '').startsWith('Z_')) throw error;
    const sound = this.#gunzip.bytesWritten;
    const isCut = error.code === 'Z_BUF_ERROR';
    const message = isCut
      ? 'the gzip data end too early: the file was cut'
      : `the gzip data are damaged after byte ${sound} (${error.message})`;
    const again = isCut ? null : this.#source.reopen();
    this.#damage = new CaptureError('bad-compression', message);
    if (again === null) return;
    const gunzip = createGunzip({ chunkSize: PIECE });
    const output = new StreamSource(gunzip);
    void feed(gunzip, again, PIECE, sound);
    const kept: Buffer[] = [];
    const buffer = new Uint8Array(PIECE);
    let skip = this.#delivered;
    try {
      for (;;) {
        const count = await output.read(buffer, 0, buffer.length);
        if (count === 0) break;
        const skipped = Math.min(skip, count);
        skip -= skipped;
        if (skipped < count) kept.push(Buffer.from(buffer.subarray(skipped, count)));
      }
    } catch {
      // The damage that is known already.
    }
    again.close();
    this.#tail = Buffer.concat(kept);
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
    this.#source.close();
  }
}
