import { jsonForScript } from '../../report/html/escape.ts';
import { livePage } from '../../report/html/live-page.ts';
import { VERSION } from '../../version.ts';
import { EventStream } from './event-stream.ts';
import { answer, type Handler } from './http.ts';
import type { LiveBoard } from './live-board.ts';

export interface Page {
  readonly paths: ReadonlyMap<string, Handler>;
  close(): void;
}

/** The live page and the events that fill it. */
export function createPage(board: LiveBoard): Page {
  const { text, policy } = livePage(VERSION);
  const events = new EventStream((ended) => jsonForScript(board.view(ended)));
  return {
    paths: new Map<string, Handler>([
      [
        '/',
        (_request, response) => {
          response.setHeader('Content-Security-Policy', policy);
          response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
          response.setHeader('Referrer-Policy', 'no-referrer');
          answer(response, 200, text, 'text/html; charset=utf-8');
        },
      ],
      ['/events', events.handler],
    ]),
    close: () => events.close(),
  };
}
