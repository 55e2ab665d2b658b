import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaptureError, type CaptureErrorCode } from '../errors.ts';
import { type ObjectName, showObjectName } from './name.ts';
import { type ObjectSettings, readObjectSettings } from './settings.ts';
import { textOf } from './xml.ts';

/** Silence of a server after which the connection counts as broken. */
const SILENCE_MILLIS = 60_000;
/** Times that a request is made that breaks or that the server is too busy for, and the first pause between two. */
export const MOST_TRIES = 5;
const PAUSE_MILLIS = 200;
/** Of an answer that is kept in memory: a list of 1,000 keys of 1,024 characters, each of three bytes encoded, is below. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;

export interface ObjectRequest {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** What a refusal is told of (default: the name itself). */
  readonly about?: ObjectName;
}

/** That a connection broke, which another try may not. */
export class BrokenConnection extends Error {
  override readonly name = 'BrokenConnection';
}

/** Asks an S3 server, with signed requests. Path style for an endpoint; AWS itself has buckets as hosts. */
export class ObjectClient {
  readonly #settings: ObjectSettings;
  readonly #sign: Signer;
  readonly #send: Send;

  /** Loads what signs, and what talks. Rejects with CaptureError where that is not there, or the settings are none. */
  static async open(settings: ObjectSettings = readObjectSettings()): Promise<ObjectClient> {
    const sign = await loadSigner();
    const isPlain = settings.endpoint?.protocol === 'http:';
    const { request, Agent } = isPlain ? await import('node:http') : await import('node:https');
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    return new ObjectClient(settings, sign, (options) => request({ ...options, agent }));
  }

  private constructor(settings: ObjectSettings, sign: Signer, send: Send) {
    this.#settings = settings;
    this.#sign = sign;
    this.#send = send;
  }

  /** The whole answer, as text. Tries again where that may help. Rejects with CaptureError. */
  async text(name: ObjectName, request: ObjectRequest): Promise<string> {
    return patiently(request.about ?? name, request.signal, async () =>
      (await readAll(await this.#ask(name, request))).toString(),
    );
  }

  /** The answer, as it comes. Rejects with CaptureError, or BrokenConnection. */
  stream(name: ObjectName, request: ObjectRequest): Promise<IncomingMessage> {
    return this.#ask(name, request);
  }

  async #ask(name: ObjectName, request: ObjectRequest): Promise<IncomingMessage> {
    const { region, credentials } = this.#settings;
    const { host, port, path } = this.#placeOf(name);
    const query = Object.entries(request.query ?? {}).map(([key, value]) => `${key}=${encode(value)}`);
    const signed = this.#sign(
      {
        service: 's3',
        region,
        method: 'GET',
        host: port === '' ? host : `${host}:${port}`,
        path: query.length === 0 ? path : `${path}?${query.join('&')}`,
        headers: { ...request.headers },
      },
      credentials,
    );
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      // Not through a URL, which would take ".." in a key for the folder above.
      const sent = this.#send({
        host: host.replace(/^\[|\]$/g, ''),
        ...(port === '' ? {} : { port }),
        method: 'GET',
        path: signed.path!,
        headers: signed.headers as Record<string, string>,
        timeout: SILENCE_MILLIS,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      sent.on('timeout', () => sent.destroy(new BrokenConnection(`silent for ${SILENCE_MILLIS / 1000} s`)));
      sent.on('error', (error: NodeJS.ErrnoException) => reject(this.#explain(request.about ?? name, error)));
      sent.on('response', resolve);
      sent.end();
    });
    if (answer.statusCode === 200 || answer.statusCode === 206) return answer;
    throw this.#refusal(request.about ?? name, answer, (await readAll(answer)).toString());
  }

  #placeOf({ bucket, key }: ObjectName): { host: string; port: string; path: string } {
    const { endpoint, region } = this.#settings;
    const path = key.split('/').map(encode).join('/');
    if (endpoint !== null) {
      const base = endpoint.pathname.replace(/\/$/, '');
      return { host: endpoint.hostname, port: endpoint.port, path: `${base}/${bucket}/${path}` };
    }
    const server = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
    // A certificate covers one label, and hosts have no capitals.
    if (!/^[a-z0-9-]+$/.test(bucket)) return { host: server, port: '', path: `/${bucket}/${path}` };
    return { host: `${bucket}.${server}`, port: '', path: `/${path}` };
  }

  #explain(name: ObjectName, error: NodeJS.ErrnoException): Error {
    if (error instanceof BrokenConnection || error.name === 'AbortError') return error;
    const where = this.#settings.endpoint?.origin ?? `AWS in ${this.#settings.region}`;
    const code = error.code ?? '';
    if (['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'HPE_INVALID_CONSTANT'].includes(code)) {
      return new BrokenConnection(`${where}: ${error.message}`);
    }
    // An error of several addresses has its text in them.
    const why =
      code === 'ECONNREFUSED'
        ? 'the connection was refused'
        : code === 'ENOTFOUND'
          ? 'no such host'
          : error.message || code;
    return new CaptureError('unreadable', `${showObjectName(name)}: ${where}: ${why}`);
  }

  #refusal(name: ObjectName, { statusCode, headers }: IncomingMessage, body: string): Error {
    const code = textOf(body, 'Code') ?? '';
    const region = headers['x-amz-bucket-region'] ?? textOf(body, 'Region');
    const [kind, why] = explainRefusal(name, code, statusCode!, region, this.#settings.region, textOf(body, 'Message'));
    if (kind === 'busy') return new BrokenConnection(why);
    return new CaptureError(kind, `${showObjectName(name)}: ${why}`);
  }
}

function explainRefusal(
  { bucket }: ObjectName,
  code: string,
  status: number,
  itsRegion: string | string[] | null | undefined,
  ourRegion: string,
  message: string | null,
): readonly [CaptureErrorCode | 'busy', string] {
  if (code === 'NoSuchBucket') return ['not-found', `no bucket ${bucket}`];
  if (code === 'NoSuchKey') return ['not-found', 'no such object'];
  if (status === 412) return ['unreadable', 'changed since it was listed'];
  if (code === 'RequestTimeTooSkewed')
    return ['no-permission', "refused: this machine's clock differs too much from the server's"];
  if (code === 'InvalidAccessKeyId') return ['no-permission', 'refused: the server does not know AWS_ACCESS_KEY_ID'];
  if (code === 'SignatureDoesNotMatch')
    return ['no-permission', 'refused: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do not belong together'];
  if (code === 'ExpiredToken') return ['no-permission', 'refused: AWS_SESSION_TOKEN has expired'];
  if (code === 'InvalidObjectState') return ['unreadable', 'it is in an archive, and has to be restored first'];
  const isElsewhere = [
    'PermanentRedirect',
    'AuthorizationHeaderMalformed',
    'IllegalLocationConstraintException',
  ].includes(code);
  if (isElsewhere || status === 301 || status === 307) {
    const where = typeof itsRegion === 'string' ? `the bucket is in ${itsRegion}` : 'the bucket is in another region';
    return ['unreadable', `${where}, and AWS_REGION is ${ourRegion}`];
  }
  if (status === 403 || status === 401)
    return ['no-permission', `refused: these keys may not read it${code === '' ? '' : ` (${code})`}`];
  const said = [code, message].filter(Boolean).join(': ');
  if (status >= 500 || status === 429)
    return ['busy', `the server answers ${status}${said === '' ? '' : ` (${said})`}`];
  if (status === 404) return ['not-found', 'no such object or bucket'];
  return ['unreadable', `the server answers ${status}${said === '' ? '' : ` (${said})`}`];
}

/** Rejects with CaptureError after the last try. */
async function patiently<T>(name: ObjectName, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof BrokenConnection)) throw error;
      if (tries >= MOST_TRIES) throw giveUp(name, error);
      await pause(tries, signal);
    }
  }
}

export const giveUp = (name: ObjectName, { message }: Error): CaptureError =>
  new CaptureError('unreadable', `${showObjectName(name)}: ${message}; tried ${MOST_TRIES} times`);

export const pause = (tries: number, signal?: AbortSignal): Promise<void> =>
  sleep(PAUSE_MILLIS * 2 ** (tries - 1), undefined, signal === undefined ? {} : { signal });

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > MOST_ANSWER_BYTES)
        throw new CaptureError('unreadable', 's3: the server answers more than was asked for');
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof CaptureError) throw error;
    throw new BrokenConnection((error as Error).message);
  }
  return Buffer.concat(parts);
}

/** As S3 signs: all but letters, digits and -._~ */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

type Send = (options: RequestOptions) => ClientRequest;
type Signer = typeof import('aws4').sign;

async function loadSigner(): Promise<Signer> {
  try {
    const loaded = await import('aws4');
    return loaded.sign ?? (loaded as unknown as { default: typeof loaded }).default.sign;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CaptureError('unreadable', 'a package is missing that s3:// needs: npm install aws4');
  }
}
