import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { CaptureInterface } from '../source.ts';
import { interfaceBlock, packetBlock, sectionHeader, type WritableFrame } from './pcapng-blocks.ts';

/**
 * Writes frames as evidence: a pcapng file that keeps each frame's time, lengths, bytes and the link type, snap length, time
 * resolution and name of its interface, with a comment on each packet. Every block goes out in one synchronous write, so a
 * kill leaves a file that can be read up to there. Throws the error of node:fs when the file cannot be written.
 */
export class PcapngWriter {
  readonly path: string;
  /** Frames written. */
  frames = 0;
  readonly #descriptor: number;
  /** Ids in the file by the identity of the interface, so that inputs do not mix. */
  readonly #interfaces = new Map<CaptureInterface, number>();
  #open = true;

  /** Makes or replaces the file, and writes the section header. */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, 'w');
    this.#writeBlock(sectionHeader());
  }

  /** `from` must be the same object for all frames of an interface. A comment of more than 65535 bytes is cut. */
  write(frame: WritableFrame, from: CaptureInterface, comment: string | null = null): void {
    const id = this.#interfaces.get(from) ?? this.#writeInterface(from);
    this.#writeBlock(packetBlock(id, frame, from, comment));
    this.frames++;
  }

  /** May be called twice. */
  close(): void {
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
  }

  #writeInterface(from: CaptureInterface): number {
    const id = this.#interfaces.size;
    this.#writeBlock(interfaceBlock(from));
    this.#interfaces.set(from, id);
    return id;
  }

  #writeBlock(block: Buffer): void {
    let written = 0;
    try {
      // One call, but for a full disk or a pipe.
      while (written < block.length) written += writeSync(this.#descriptor, block, written);
    } catch (error) {
      this.#cutBack(written);
      throw error;
    }
  }

  /** Takes the beginning of a block away again, so that the file stays one that can be read to its end. */
  #cutBack(bytes: number): void {
    const status = fstatSync(this.#descriptor);
    if (bytes > 0 && status.isFile()) ftruncateSync(this.#descriptor, status.size - bytes);
  }
}
