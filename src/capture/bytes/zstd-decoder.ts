/**
 * What decodes one zstd frame, block after block: node:zlib's own (Node 22.15 and later), which is in C, else fzstd. Node's is never
 * given more than one frame: behind the first of several it silently stops (nodejs/node#64741).
 */
import type { Unzip } from 'node:zlib';
import { Decompress } from 'fzstd';

export interface ZstdDecoder {
  /** Of the frame's next bytes, which are whole blocks: what they hold. Throws, or rejects, where they are damaged. */
  decode(piece: Uint8Array, isLast: boolean): Uint8Array | Promise<Uint8Array>;
  close(): void;
}

/** Of node:zlib what its types for Node 20 do not know. */
interface Zlib {
  readonly createZstdDecompress?: (options: { readonly chunkSize: number }) => Unzip;
}
const { createZstdDecompress } = process.getBuiltinModule('node:zlib') as Zlib;

const CHUNK = 128 * 1024;

/** Node's own is set up for this many compressed bytes at least: a decoder takes longer to make than a small frame to decode. */
const BYTES_A_DECODER = 64 * 1024;

/** Makes decoders for the frames of one input. */
export class ZstdDecoders {
  #made = 0;

  /** `bytesRead`: compressed ones so far. */
  next(bytesRead: number): ZstdDecoder {
    if (createZstdDecompress === undefined || this.#made * BYTES_A_DECODER > bytesRead) return new ScriptDecoder();
    this.#made++;
    return new NodeDecoder(createZstdDecompress({ chunkSize: CHUNK }));
  }
}

const NOTHING = new Uint8Array(0);

/** fzstd hands out what it has made in one piece or several. */
class ScriptDecoder implements ZstdDecoder {
  #made: Uint8Array = NOTHING;
  readonly #decompress = new Decompress((made) => {
    this.#made = this.#made.length === 0 ? made : Buffer.concat([this.#made, made]);
  });

  decode(piece: Uint8Array, isLast: boolean): Uint8Array {
    this.#made = NOTHING;
    this.#decompress.push(piece, isLast);
    return this.#made;
  }

  close(): void {}
}

class NodeDecoder implements ZstdDecoder {
  readonly #stream: Unzip;
  #made: Uint8Array[] = [];
  #fail: (error: Error) => void = () => {};

  constructor(stream: Unzip) {
    this.#stream = stream;
    stream.on('data', (made: Uint8Array) => this.#made.push(made));
    stream.on('error', (error) => this.#fail(error));
  }

  decode(piece: Uint8Array, isLast: boolean): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      const done = (): void => {
        const made = this.#made;
        this.#made = [];
        resolve(made.length === 1 ? made[0]! : Buffer.concat(made));
      };
      if (isLast) this.#stream.once('end', done).end(piece);
      // It calls back when it is done with these bytes and has handed out what they made; of an error it tells by an event.
      else this.#stream.write(piece, (error) => error == null && done());
    });
  }

  close(): void {
    this.#fail = () => {};
    this.#stream.destroy();
  }
}
