import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { hostname } from 'node:os';
import { CliError } from '../io.ts';

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
/** Whoever watches is one or a few: more connections than this are refused. */
const MAX_CONNECTIONS = 64;
/** Nobody here has more to say than a path. */
const MAX_HEADER_BYTES = 8192;
const REQUEST_MILLIS = 5000;
/** A reader that takes nothing for so long is let go. */
const SILENT_MILLIS = 20_000;
const LOOK_MILLIS = 1000;

/** "9464", ":9464", "127.0.0.1:9464", "[::1]:9464", "localhost:9464". Throws CliError. */
export function readAddress(option: string, value: string): HttpAddress {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(value) ?? [];
  const port = digits === '' ? -1 : Number(digits);
  const host = bracketed ?? (plain === undefined || plain === '' ? LOOPBACK : plain);
  if (port < 0 || port > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    throw new CliError(
      `${option} ${value}: expected a port or ADDRESS:PORT, such as 9464, 127.0.0.1:9464 or [::1]:9464`,
    );
  }
  return { host, port };
}

export function isLoopback({ host }: HttpAddress): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface RunningServer {
  /** As in "http://127.0.0.1:9464". */
  readonly url: string;
  close(): void;
}

export interface ServeOptions {
  /** Refuse names that may not be of this machine wherever it listens, as what is made for browsers must. */
  readonly onlyOwnNames?: boolean;
}

/**
 * Serves paths to whoever may reach the address, read-only. On loopback a name that leads here is refused unless it is one of
 * this machine: a page from elsewhere must not read it through a visitor's browser. Throws CliError where it cannot listen.
 */
export async function serve(
  option: string,
  address: HttpAddress,
  paths: ReadonlyMap<string, Handler>,
  { onlyOwnNames = isLoopback(address) }: ServeOptions = {},
): Promise<RunningServer> {
  // To listen by a name is to say that it is one of this machine.
  const ownNames = new Set([
    '',
    'localhost',
    ...(isLoopback(address) ? [] : [hostname().toLowerCase(), address.host.toLowerCase()]),
  ]);
  const server = createServer(
    {
      requestTimeout: REQUEST_MILLIS,
      headersTimeout: REQUEST_MILLIS,
      connectionsCheckingInterval: LOOK_MILLIS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
      // What is sent to us is not read, and must not wait in memory either.
      request.resume();
      const handler = paths.get(request.url?.split('?')[0] ?? '');
      const name = nameOf(request.headers.host ?? '');
      if (onlyOwnNames && !ownNames.has(name) && isIP(name) === 0)
        answer(response, 421, 'not a name of this machine: ask by its address, or by the name that it listens by\n');
      else if (handler === undefined) answer(response, 404, `here is ${[...paths.keys()].join(', ')}\n`);
      else if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD');
        answer(response, 405, 'read-only\n');
      } else void handle(handler, request, response);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SILENT_MILLIS);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: Error) =>
      reject(new CliError(`${option}: cannot listen on ${address.host} port ${address.port}: ${error.message}`)),
    );
    server.listen(address.port, address.host, resolve);
  });
  // It must not keep a run that is over.
  server.unref();
  server.on('error', () => {});
  const { address: host, port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function handle(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await handler(request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else answer(response, 500, `${(error as Error).message}\n`);
  }
}

export function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8') {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.end(text);
}

/** Browsers always say whom they mean; an address or nothing at all was not made to lead here. */
function nameOf(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
}
