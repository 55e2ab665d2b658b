import type { ByteSource } from '../capture/bytes/byte-source.ts';
import { openSource } from '../capture/open.ts';
import { openShard, type ShardBrief, type ShardPlace } from '../shard/open-shard.ts';
import type { Store } from './store.ts';

/** A shard in the store, of which one chunk is in memory at a time. */
export function storedShard(store: Store, key: string, bytes: number, brief: ShardBrief): ShardPlace {
  const name = `shard ${key}`;
  return {
    name,
    bytes,
    brief,
    open: async () => openShard(await openSource(name, new ChunkSource(store, key, bytes))),
  };
}

/** The bytes of a shard, chunk by chunk. */
class ChunkSource implements ByteSource {
  bytesRead = 0;
  readonly canReopen = false;
  readonly #store: Store;
  readonly #key: string;
  readonly totalBytes: number;
  #chunk: Uint8Array = new Uint8Array(0);
  #next = 0;
  #isDone = false;

  constructor(store: Store, key: string, totalBytes: number) {
    this.#store = store;
    this.#key = key;
    this.totalBytes = totalBytes;
  }

  read(bytes: Uint8Array, start: number, end: number): number | Promise<number> {
    if (this.#chunk.length > 0) return this.#take(bytes, start, end);
    return this.#isDone ? 0 : this.#fill(bytes, start, end);
  }

  async #fill(bytes: Uint8Array, start: number, end: number): Promise<number> {
    const chunk = await this.#store.readChunk(this.#key, this.#next++);
    if (chunk === null) {
      this.#isDone = true;
      return 0;
    }
    this.#chunk = chunk;
    return this.#take(bytes, start, end);
  }

  #take(bytes: Uint8Array, start: number, end: number): number {
    const part = this.#chunk.subarray(0, end - start);
    bytes.set(part, start);
    this.#chunk = this.#chunk.subarray(part.length);
    this.bytesRead += part.length;
    return part.length;
  }

  reopen(): null {
    return null;
  }

  close(): void {
    this.#isDone = true;
    this.#chunk = new Uint8Array(0);
  }
}
