import type { OpenedCapture } from '../analysis/distil.ts';
import type { ObjectCapture } from '../capture/s3/objects.ts';

/** An object in a bucket as distilCapture() takes it: its version is what it was listed as. */
export function captureOfObject(object: ObjectCapture): OpenedCapture {
  const { uri, size, version } = object;
  return {
    name: uri,
    open: () => object.open(),
    origin: { uri, name: uri, size, version },
    failure: () => object.failure(),
  };
}
