import { createHash } from 'node:crypto';
import { SHARD_VERSION, type ShardOrigin } from './head.ts';

/** Ends of the names of shards. */
export const SHARD_ENDING = '.pcapng';
const KEY_LENGTH = 32;

/** Names one version of one capture as it is distilled: the same key, the same shard. 32 hexadecimal digits. */
export function shardKey({ uri, size, version }: Omit<ShardOrigin, 'name'>, decoder: string): string {
  const parts = JSON.stringify([uri, size, version, SHARD_VERSION, decoder]);
  return createHash('sha256').update(parts).digest('hex').slice(0, KEY_LENGTH);
}

/** JSON in which the order of names does not matter. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
