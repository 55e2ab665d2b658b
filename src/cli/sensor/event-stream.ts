import type { ServerResponse } from 'node:http';
import { answer, type Handler } from './http.ts';

/** Whoever watches is one or a few, each with one page open. */
const MAX_READERS = 16;
const EVERY_MILLIS = 1000;
/** A browser that lost the connection tries again after this time. */
const RETRY_MILLIS = 1000;

/**
 * Server-sent events (WHATWG HTML, section 9.2), each of which is all there is to tell. A reader that has not taken the last one gets
 * none until it has: it misses what is told anew anyway, and one event is the most that waits for it here. What takes nothing at all
 * is let go by the server.
 */
export class EventStream {
  readonly #read: (ended: boolean) => string;
  readonly #readers = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | null = null;
  #number = 0;

  /** `read` gives one line. */
  constructor(read: (ended: boolean) => string) {
    this.#read = read;
  }

  readonly handler: Handler = (request, response) => {
    if (this.#readers.size >= MAX_READERS) {
      response.setHeader('Retry-After', '30');
      answer(response, 503, `${MAX_READERS} are watching, which is the most\n`);
      return;
    }
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    // What a proxy collects comes late.
    response.setHeader('X-Accel-Buffering', 'no');
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    this.#readers.add(response);
    response.on('close', () => this.#leave(response));
    response.on('error', () => this.#leave(response));
    response.write(`retry: ${RETRY_MILLIS}\n\n${this.#event(false)}`);
    this.#timer ??= setInterval(() => this.#tell(), EVERY_MILLIS).unref();
  };

  /** Says so to all, and ends. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#readers.size === 0) return;
    const event = this.#event(true);
    for (const reader of this.#readers) {
      if (reader.writableLength === 0) reader.end(event);
      else reader.destroy();
    }
    this.#readers.clear();
  }

  #tell(): void {
    // Nobody's turn: nothing is made.
    const ready = [...this.#readers].filter((reader) => reader.writableLength === 0);
    if (ready.length === 0) return;
    const event = this.#event(false);
    for (const reader of ready) reader.write(event);
  }

  #event(ended: boolean): string {
    return `id: ${++this.#number}\ndata: ${this.#read(ended)}\n\n`;
  }

  #leave(response: ServerResponse): void {
    this.#readers.delete(response);
    if (this.#readers.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
