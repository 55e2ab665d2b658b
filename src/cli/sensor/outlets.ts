import { formatCount } from '../../words/numbers.ts';
import type { OutputStream } from '../io.ts';
import type { Output } from '../output.ts';
import { FileOutlet, type FileOutletOptions } from './file-outlet.ts';
import { type Outlet, type OutletListener, outletOutput, StreamOutlet } from './outlet.ts';

export interface OutletsOptions {
  /** Hears a sentence when an output fails, and when it works again. */
  readonly tell: (text: string) => void;
  /** Whoever read standard output has gone. */
  readonly onGone: () => void;
}

/** All outputs of a live run. */
export class Outlets {
  readonly #options: OutletsOptions;
  readonly #all: Outlet[] = [];
  readonly #listener: OutletListener;
  #stdout: StreamOutlet | null = null;
  /** The run is of use to somebody who reads none of them. */
  isNeeded = false;

  constructor(options: OutletsOptions) {
    this.#options = options;
    this.#listener = {
      failing: (outlet, reason) => {
        options.tell(`cannot write ${outlet.name}: ${reason}; going on, and counting what is lost`);
      },
      recovered: (outlet, lost) => {
        options.tell(`${outlet.name} can be written again: ${formatCount(lost, 'record')} lost`);
      },
    };
  }

  get all(): readonly Outlet[] {
    return this.#all;
  }

  /** Whether whoever read standard output, which is all there is, has gone. */
  get isGone(): boolean {
    return this.#stdout?.isGone === true && this.#all.length === 1 && !this.isNeeded;
  }

  /** Standard output; a file there is written by its descriptor, which tells more than a stream does. */
  openStdout(stream: OutputStream): Output {
    const name = 'standard output';
    const { descriptor } = stream as { readonly descriptor?: number };
    if (descriptor !== undefined)
      return outletOutput(this.#add(new FileOutlet(name, descriptor, { listener: this.#listener })), null);
    this.#stdout = new StreamOutlet(name, stream, this.#listener, () => {
      // When it is the only one, there is nobody to go on for.
      if (this.isNeeded || this.#all.length > 1) return false;
      this.#options.onGone();
      return true;
    });
    return outletOutput(this.#add(this.#stdout), null);
  }

  /** A report whose lines come as they are known. Throws CliError where it cannot be made. */
  openLines(path: string, options: Omit<FileOutletOptions, 'listener'> = {}): Output {
    return outletOutput(this.openFile(path, options), path);
  }

  /** Throws CliError where it cannot be made. */
  openFile(path: string, options: Omit<FileOutletOptions, 'listener'> = {}): FileOutlet {
    return this.#add(new FileOutlet(path, path, { ...options, listener: this.#listener }));
  }

  /** After files were moved away: they are made anew by their paths. */
  reopen(): void {
    for (const outlet of this.#all) if (outlet instanceof FileOutlet) outlet.reopen();
  }

  /** Another kind of output, which tells as the others do. */
  add<T extends Outlet>(make: (listener: OutletListener) => T): T {
    return this.#add(make(this.#listener));
  }

  #add<T extends Outlet>(outlet: T): T {
    this.#all.push(outlet);
    return outlet;
  }
}
