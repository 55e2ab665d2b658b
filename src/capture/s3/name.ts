import { CaptureError } from '../errors.ts';

/** An object in a bucket, or what names of objects begin with. */
export interface ObjectName {
  readonly bucket: string;
  /** As it is, not encoded: "a%20b" has a percent sign. "" stands for the whole bucket. */
  readonly key: string;
}

const SCHEME = 's3://';

export const isObjectName = (path: string): boolean => path.startsWith(SCHEME);

/** Of s3://BUCKET/KEY. What follows the slash is the key, so that s3://BUCKET//a is the key "/a". Throws CaptureError. */
export function parseObjectName(text: string): ObjectName {
  const [bucket, ...key] = text.slice(SCHEME.length).split('/');
  // Characters of AWS's names of buckets, old ones too.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket!)) {
    throw new CaptureError('unreadable', `${text}: expected s3://BUCKET/KEY, where BUCKET is the name of a bucket`);
  }
  return { bucket: bucket!, key: key.join('/') };
}

export const showObjectName = ({ bucket, key }: ObjectName): string => `${SCHEME}${bucket}/${key}`;
