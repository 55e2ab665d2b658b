import { CaptureError } from '../errors.ts';
import type { ObjectClient } from './client.ts';
import { type ObjectName, showObjectName } from './name.ts';
import { elementsOf, textOf } from './xml.ts';

/** An object as it was listed. */
export interface ListedObject extends ObjectName {
  readonly size: number;
  /** Of its ETag, with its quotes: what tells this version from others. */
  readonly version: string;
  /** It was named itself, so that it is taken for a capture whatever it holds. */
  readonly isNamed: boolean;
}

/**
 * The object of that name, or where there is none all whose names begin with it; in pages, so that any number can be. What is
 * empty, as consoles make it to show a folder, is passed over. Rejects with CaptureError.
 */
export async function* listObjects(
  client: ObjectClient,
  name: ObjectName,
  signal?: AbortSignal,
): AsyncGenerator<ListedObject> {
  const { bucket, key: prefix } = name;
  let token: string | null = null;
  do {
    const query: Record<string, string> = { 'encoding-type': 'url', 'list-type': '2' };
    if (prefix !== '') query.prefix = prefix;
    if (token !== null) query['continuation-token'] = token;
    const xml = await client.text(
      { bucket, key: '' },
      { query, about: name, ...(signal === undefined ? {} : { signal }) },
    );
    if (textOf(xml, 'IsTruncated') === null) {
      throw new CaptureError('unreadable', `${showObjectName(name)}: what answers is no S3 server`);
    }
    const isEncoded = textOf(xml, 'EncodingType') === 'url';
    for (const element of elementsOf(xml, 'Contents')) {
      const key = isEncoded ? decode(textOf(element, 'Key')!) : textOf(element, 'Key')!;
      const size = Number(textOf(element, 'Size'));
      const object = { bucket, key, size, version: textOf(element, 'ETag') ?? '' };
      // In the order of names it is the first that begins with it.
      if (key === prefix && !key.endsWith('/')) return yield { ...object, isNamed: true };
      if (size > 0) yield { ...object, isNamed: false };
    }
    const next: string | null = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextContinuationToken') : null;
    if (next !== null && next === token) {
      throw new CaptureError('unreadable', `${showObjectName(name)}: the server lists the same objects again`);
    }
    token = next;
  } while (token !== null);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
