import { openInput } from '../analysis/analyze-input.ts';
import { commentFrames, EvidenceRecorder, writeEvidence } from '../analysis/evidence.ts';
import type { Input, ReadableInput, Watcher } from '../analysis/types.ts';
import { PcapngWriter } from '../capture/format/pcapng-writer.ts';
import type { FrameSource } from '../capture/source.ts';
import type { RunResult } from '../report/model/types.ts';
import { formatCount } from '../words/numbers.ts';
import { CliError } from './io.ts';

/** The frames of flagged exchanges, written to every path that --report names with .pcapng. */
export class EvidenceFiles {
  readonly #writers: readonly PcapngWriter[];
  readonly #recorders: EvidenceRecorder[] = [];

  /** Makes the files at once. Throws CliError when one cannot be made. */
  constructor(paths: readonly string[]) {
    this.#writers = paths.map((path) => {
      try {
        return new PcapngWriter(path);
      } catch (error) {
        throw cannotWrite(path, error);
      }
    });
  }

  /** For an input that goes by once: its frames are kept until it is known whether they matter. */
  watch(source: FrameSource): Watcher {
    const recorder = new EvidenceRecorder(source, this.#writers);
    this.#recorders.push(recorder);
    return recorder;
  }

  /** Reads the other inputs a second time and completes the files. Gives sentences on what they hold. Throws CliError. */
  async finish({ report }: RunResult, inputs: readonly Input[], signal: AbortSignal): Promise<string[]> {
    for (const recorder of this.#recorders) recorder.end();
    for (const [index, input] of inputs.entries()) {
      const wasRead = report.inputs[index]?.format != null;
      if (!wasRead || 'problem' in input || input.once === true) continue;
      const comments = commentFrames(report, index);
      if (comments.size > 0) await this.#copy(input, comments, signal);
    }
    for (const writer of this.#writers) writer.close();

    const failure = this.#recorders.find((recorder) => recorder.failure !== null)?.failure ?? null;
    if (failure !== null) throw new CliError(failure);
    const missing = this.#recorders.reduce((sum, recorder) => sum + recorder.missing, 0);
    const { exchanges } = report.omitted;
    return [
      ...this.#writers.map(({ path, frames }) => `${formatCount(frames, 'frame')} kept in ${path}`),
      ...(missing > 0 ? [`${formatCount(missing, 'frame')} had gone before they were flagged`] : []),
      ...(exchanges > 0 ? [`evidence is of the exchanges listed; ${formatCount(exchanges, 'exchange')} left out`] : []),
    ];
  }

  async #copy(input: ReadableInput, comments: ReadonlyMap<number, string>, signal: AbortSignal): Promise<void> {
    for (const writer of this.#writers) {
      const source = await openInput(input, signal);
      try {
        await writeEvidence(source, comments, writer, signal);
      } catch (error) {
        throw cannotWrite(writer.path, error);
      }
    }
  }
}

function cannotWrite(path: string, error: unknown): CliError {
  return new CliError(`cannot write ${path}: ${(error as Error).message}`);
}
