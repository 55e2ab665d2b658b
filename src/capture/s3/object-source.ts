import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { type ByteSource, StreamSource } from '../bytes/byte-source.ts';
import { CaptureError } from '../errors.ts';
import { BrokenConnection, giveUp, MOST_TRIES, type ObjectClient, pause } from './client.ts';
import type { ListedObject } from './list.ts';

/**
 * An object as it was listed, streamed: where a connection breaks, the next one goes on at that byte. Of another version of the
 * object not one byte is read. Rejects with CaptureError.
 */
export class ObjectSource implements ByteSource {
  readonly totalBytes: number;
  readonly canReopen = true;
  readonly #client: ObjectClient;
  readonly #object: ListedObject;
  readonly #most: number;
  readonly #first: ObjectSource;
  readonly #stop = new AbortController();
  readonly #stream: StreamSource;
  /** What ended it, or a later reading of the same bytes, before the end. */
  failure: CaptureError | null = null;

  /** `most`: bytes from its start that are wanted. */
  constructor(client: ObjectClient, object: ListedObject, most = Number.POSITIVE_INFINITY, first?: ObjectSource) {
    this.#first = first ?? this;
    this.#client = client;
    this.#object = object;
    this.#most = Math.min(most, object.size);
    this.totalBytes = object.size;
    this.#stream = new StreamSource(Readable.from(this.#parts(), { objectMode: false }));
  }

  async *#parts(): AsyncGenerator<Buffer> {
    let at = 0;
    /** In a row, without a byte. */
    let tries = 0;
    while (at < this.#most) {
      try {
        for await (const part of (await this.#get(at)) as AsyncIterable<Buffer>) {
          at += part.length;
          tries = 0;
          yield part;
        }
        if (at < this.#most) throw new BrokenConnection(`the server's answer ends at byte ${at} of ${this.#most}`);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (error instanceof CaptureError) throw this.#fail(error);
        if (++tries >= MOST_TRIES) throw this.#fail(giveUp(this.#object, error as Error));
        await pause(tries, this.#stop.signal).catch(() => {});
      }
    }
  }

  async #get(at: number): Promise<IncomingMessage> {
    const { version } = this.#object;
    const answer = await this.#client.stream(this.#object, {
      headers: { Range: `bytes=${at}-${this.#most - 1}`, ...(version === '' ? {} : { 'If-Match': version }) },
      signal: this.#stop.signal,
    });
    // Not every server knows If-Match, or ranges.
    const { etag } = answer.headers;
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers['content-range'] ?? '');
    const isOther = etag !== undefined && version !== '' && bare(etag) !== bare(version);
    if (isOther || (range !== null && range[2] !== '*' && Number(range[2]) !== this.totalBytes)) {
      answer.destroy();
      throw changed(this.#object);
    }
    if (Number(range?.[1] ?? 0) !== at) {
      answer.destroy();
      throw new CaptureError(
        'unreadable',
        `s3://${this.#object.bucket}/${this.#object.key}: the server cannot go on at byte ${at}`,
      );
    }
    return answer;
  }

  #fail(error: CaptureError): CaptureError {
    this.#first.failure ??= error;
    return error;
  }

  get bytesRead(): number {
    return this.#stream.bytesRead;
  }

  read(bytes: Uint8Array, start: number, end: number): number | Promise<number> {
    return this.#stream.read(bytes, start, end);
  }

  reopen(): ByteSource {
    return new ObjectSource(this.#client, this.#object, this.#most, this.#first);
  }

  close(): void {
    this.#stop.abort();
    this.#stream.close();
  }
}

/** Servers differ in whether lists have the quotes. */
const bare = (etag: string): string => etag.replace(/^W\//, '').replaceAll('"', '');

const changed = ({ bucket, key }: ListedObject) =>
  new CaptureError('unreadable', `s3://${bucket}/${key}: changed since it was listed`);
