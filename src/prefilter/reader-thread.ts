/** Runs in a worker thread: reads a capture and puts the frames that triage admits into the ring that it was given. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { CaptureError } from '../capture/errors.ts';
import type { SkippingSource } from '../capture/format/record-skipper.ts';
import { openCapture } from '../capture/open.ts';
import type { CaptureInterface, CaptureProblem, Count, Frame } from '../capture/source.ts';
import type { DecoderOptions } from '../decode/decoder.ts';
import { createLinkMap } from '../decode/link/link-map.ts';
import { TunnelPorts } from '../decode/tunnel/ports.ts';
import { CoreSkipper } from './core-skipper.ts';
import { FrameRingWriter } from './frame-ring.ts';
import { FrameTotals } from './frame-totals.ts';
import { Prefilter } from './prefilter.ts';

export interface ReaderStart {
  readonly path: string;
  readonly decoder: DecoderOptions;
  /** Whether nobody can see more of segments on ordinary ports than their headers. */
  readonly trims: boolean;
  readonly ring: SharedArrayBuffer;
  /** [0] bytes of the input consumed so far. */
  readonly progress: Float64Array;
  readonly port: MessagePort;
}

/** What a source can tell when it has been read. */
export interface ReaderEnd {
  readonly interfaces: readonly CaptureInterface[];
  readonly problems: readonly CaptureProblem[];
  readonly drops: Count | null;
  readonly frames: number;
}

const { path, decoder, trims, ring, progress, port } = workerData as ReaderStart;

async function prefilter(): Promise<void> {
  await CoreSkipper.prepare();
  const core = CoreSkipper.open({
    tunnelPorts: TunnelPorts.of(decoder.tunnelPorts).bitmap,
    links: createLinkMap(decoder),
  });
  // What the core does not read itself it does not remember: the ports of such SYNs are let through from then on.
  const prefilter = new Prefilter(decoder, new FrameTotals(core?.totals), core?.waiting, true);
  const draft = core?.relayTo(() => writer.publish(), trims);
  const writer = new FrameRingWriter(ring, prefilter.totals, (bytes) => port.postMessage(bytes), draft);
  // Behind the bytes of long frames and before the end of the ring: whoever sees that finds this.
  const end = (what: ReaderEnd) => {
    port.postMessage(what);
    writer.end();
  };
  const stop = new AbortController();
  try {
    const source = await openCapture(path);
    const onPause = () => {
      progress[0] = source.bytesRead;
      writer.publish();
      if (writer.isStopped) stop.abort();
    };
    const onFrame = (frame: Frame) => {
      if (prefilter.admits(frame)) writer.put(frame);
    };
    if (core !== null) (source as SkippingSource).skipWith(core);
    await source.run(onFrame, { signal: stop.signal, onPause });
    progress[0] = source.bytesRead;
    end({ interfaces: source.interfaces, problems: source.problems, drops: source.drops, frames: source.frames ?? 0 });
  } catch (error) {
    // It could be opened a moment ago, by the thread that started this one.
    if (!(error instanceof CaptureError)) throw error;
    const { code, offset, frame, message } = error;
    end({ interfaces: [], problems: [{ code, offset, frame, message }], drops: null, frames: 0 });
  }
}

// What it throws ends the thread, and its parent hears of it.
void prefilter();
