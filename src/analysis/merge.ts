import { CaptureError } from '../capture/errors.ts';
import type { DecoderOptions } from '../decode/decoder.ts';
import type { ShardHead } from '../shard/head.ts';
import { canonicalJson } from '../shard/key.ts';
import { MergedSource } from '../shard/merged-source.ts';
import { closeShard, type ShardBrief, type ShardPlace } from '../shard/open-shard.ts';
import { compareNames, comparePlaces, type SeriesOf } from '../shard/series.ts';
import type { Input } from './types.ts';

export interface MergeOptions {
  /** As the configuration has them now. */
  readonly decoder: DecoderOptions;
  readonly seriesOf: SeriesOf;
  /** Hears, in a sentence, of a shard that is not taken, since there is a newer one of the same file. */
  readonly onPassedOver?: (message: string) => void;
}

/** What is to be known of a shard before its turn comes. */
interface Found {
  readonly shard: ShardPlace;
  readonly key: string;
  readonly uri: string;
  readonly name: string;
  readonly version: string;
  readonly isFitting: boolean;
  readonly series: string;
  readonly start: ShardHead['start'];
  readonly format: ShardHead['format'];
  readonly compression: ShardHead['compression'];
}

/**
 * The series that shards make up, each an input of the report; the order of the shards, and one that comes twice, make no difference.
 * What is no shard, or damaged, is an input with a problem. Rejects with CaptureError when a capture was distilled with other
 * options of the decoder than are in force.
 */
export async function mergeShards(
  shards: Iterable<ShardPlace> | AsyncIterable<ShardPlace>,
  options: MergeOptions,
): Promise<Input[]> {
  const decoder = canonicalJson(options.decoder);
  const byFile = new Map<string, Found>();
  const broken: Input[] = [];
  for await (const shard of shards) {
    let found: Found;
    try {
      found = describe(shard, shard.brief ?? (await readHead(shard)), { decoder, seriesOf: options.seriesOf });
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      const { code, offset, frame, message } = error;
      broken.push({ name: shard.name, problem: { code, offset, frame, message } });
      continue;
    }
    const other = byFile.get(found.uri);
    if (other === undefined || isBetter(found, other)) byFile.set(found.uri, found);
    if (other !== undefined && other.key !== found.key) {
      const left = byFile.get(found.uri) === found ? other : found;
      options.onPassedOver?.(`${left.shard.name}: passed over, there is a newer distillate of ${left.name}`);
    }
  }
  const bySeries = new Map<string, Found[]>();
  for (const found of byFile.values()) {
    if (!found.isFitting) {
      throw new CaptureError(
        'unsupported-version',
        `${found.shard.name}: ${found.name} was distilled with other options of the decoder than are in force now: distil it again, or merge with the same configuration`,
      );
    }
    const series = bySeries.get(found.series);
    if (series === undefined) bySeries.set(found.series, [found]);
    else series.push(found);
  }
  const inputs = [...bySeries.values()].map((series) => series.sort(comparePlaces));
  inputs.sort(([a], [b]) => compareNames(a!.uri, b!.uri));
  return [...inputs.map(toInput), ...broken];
}

async function readHead(shard: ShardPlace): Promise<ShardHead> {
  const { head, frames } = await shard.open();
  await closeShard(frames);
  return head;
}

function describe(
  shard: ShardPlace,
  { key, origin, decoder, start, format, compression }: ShardBrief,
  now: { readonly decoder: string; readonly seriesOf: SeriesOf },
): Found {
  const { uri, name, version } = origin;
  const isFitting = decoder === now.decoder;
  return { shard, key, uri, name, version, isFitting, series: now.seriesOf(origin), start, format, compression };
}

/** Of a file that was distilled twice: what fits the configuration, of those the newer version of the file. */
function isBetter(one: Found, other: Found): boolean {
  if (one.isFitting !== other.isFitting) return one.isFitting;
  const order = compareNames(one.version, other.version);
  return order > 0 || (order === 0 && one.key < other.key);
}

function toInput(series: readonly Found[]): Input {
  const [first] = series;
  const name = series.length === 1 ? first!.name : `${first!.name} (and ${series.length - 1} more)`;
  // What could not be opened has no format.
  const opened = series.find(({ format }) => format !== null) ?? first!;
  const shards = series.map(({ shard }) => shard);
  return {
    name,
    paths: shards.map((shard) => shard.name),
    bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
    open: async () => new MergedSource(name, opened, shards),
  };
}
