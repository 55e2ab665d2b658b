import { CaptureError } from '../errors.ts';
import { LOOK_LENGTH } from '../find.ts';
import { openSource, sniffFormat } from '../open.ts';
import type { FrameSource } from '../source.ts';
import { ObjectClient } from './client.ts';
import { type ListedObject, listObjects } from './list.ts';
import { parseObjectName, showObjectName } from './name.ts';
import { ObjectSource } from './object-source.ts';

/** A capture in a bucket. */
export interface ObjectCapture {
  readonly uri: string;
  readonly size: number;
  readonly version: string;
  readonly isNamed: boolean;
  /** Whether it is a capture, by its first bytes. Rejects with CaptureError where they cannot be read. */
  isCapture(): Promise<boolean>;
  /** Rejects with CaptureError, as openCapture(). */
  open(): Promise<FrameSource>;
  /** Why it was not read to its end; null where it was, or is not open yet. */
  failure(): string | null;
}

/** The first block of compressed data may be as long, and nothing comes of less. */
const LOOK_COMPRESSED = 256 * 1024;

/** One client for all of a run. */
let client: Promise<ObjectClient> | null = null;
const theClient = (): Promise<ObjectClient> => (client ??= ObjectClient.open());

/** Objects that s3://BUCKET/PREFIX stands for. Rejects with CaptureError. */
export async function* findObjects(text: string, signal?: AbortSignal): AsyncGenerator<ObjectCapture> {
  const client = await theClient();
  for await (const listed of listObjects(client, parseObjectName(text), signal)) yield captureOf(client, listed);
}

/** An object as somebody has listed it. */
export async function objectAsListed(uri: string, size: number, version: string): Promise<ObjectCapture> {
  return captureOf(await theClient(), { ...parseObjectName(uri), size, version, isNamed: true });
}

function captureOf(client: ObjectClient, object: ListedObject): ObjectCapture {
  const uri = showObjectName(object);
  const { size, version, isNamed } = object;
  let source: ObjectSource | null = null;
  return {
    uri,
    size,
    version,
    isNamed,
    isCapture: async () =>
      (await look(client, object, LOOK_LENGTH)) ?? (await look(client, object, LOOK_COMPRESSED)) ?? false,
    async open() {
      source = new ObjectSource(client, object);
      try {
        return await openSource(uri, source);
      } catch (error) {
        // Its own words have the name.
        throw source.failure ?? error;
      }
    },
    failure: () => source?.failure?.message ?? null,
  };
}

/** Null where so many bytes do not tell. */
async function look(client: ObjectClient, object: ListedObject, most: number): Promise<boolean | null> {
  const start = new ObjectSource(client, object, most);
  try {
    const { format, source } = await sniffFormat(start, LOOK_LENGTH);
    source.close();
    return format.kind === 'pcap' || format.kind === 'pcapng';
  } catch (error) {
    if (start.failure !== null) throw start.failure;
    if (error instanceof CaptureError) return null;
    throw error;
  } finally {
    start.close();
  }
}
