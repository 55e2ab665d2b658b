/**
 * TCP connections of real stacks that say what they are told to: for captures that begin while they are under way. One
 * program holds the server's ends, one the client's; a connection is known on both by a name, which its first data says.
 */
import type { Host, Lab, Running } from './netns.ts';

/** Whose keep-alives there are: Linux sends one after each idle second (TCP_KEEPIDLE; Node leaves TCP_KEEPINTVL at 1 s). */
export type KeepAlive = 'both' | 'client' | 'server' | 'nobody';

/** Reads `name verb [text]` a line; says `name event [text]` a line. */
const COMMON = `
const net = require('node:net');
const sockets = new Map();
const say = (...words) => console.log(words.join(' '));
function adopt(name, socket, keepsAlive) {
  sockets.set(name, socket);
  if (keepsAlive) socket.setKeepAlive(true, 1000);
  socket.on('error', ({ code }) => say(name, 'error', code));
  socket.on('end', () => say(name, 'end'));
  socket.on('close', () => say(name, 'closed'));
  socket.on('data', (data) => say(name, 'got', data));
}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, verb, ...words] = line.split(' ');
  const socket = sockets.get(name);
  if (verb === 'say') socket.write(words.join(' '));
  if (verb === 'end') socket.end();
  if (verb === 'reset') socket.resetAndDestroy();
  if (verb === 'open') {
    const [host, port, keepsAlive] = words;
    const opened = net.connect({ host, port: Number(port), allowHalfOpen: true }, () => opened.write(name + ' ' + keepsAlive));
    opened.once('data', () => {
      adopt(name, opened, keepsAlive === 'both' || keepsAlive === 'client');
      say(name, 'open', opened.localPort);
    });
    opened.on('error', (error) => say(name, 'failed', error.code));
  }
});`;

const LISTEN = `
const [port] = process.argv.slice(1);
net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.once('data', (data) => {
    const [name, keepsAlive] = String(data).split(' ');
    adopt(name, socket, keepsAlive === 'both' || keepsAlive === 'server');
    socket.write('welcome');
  });
}).listen({ port: Number(port), host: '::' }, () => say('ready'));`;

export class Talkers {
  readonly #client: Running;
  readonly #server: Running;

  private constructor(client: Running, server: Running) {
    this.#client = client;
    this.#server = server;
  }

  /** The server's program listens on this port. */
  static async start(lab: Lab, port: number): Promise<Talkers> {
    const run = (host: Host, script: string) => lab.start(host, [process.execPath, '-e', script, String(port)]);
    const server = run(lab.server, COMMON + LISTEN);
    await server.until(({ stdout }) => stdout.includes('ready\n'), 'the server listens');
    return new Talkers(run(lab.client, COMMON), server);
  }

  /** Opens a connection and has it say a word each way; settles with the client's port. */
  async open(name: string, address: string, port: number, keepAlive: KeepAlive): Promise<number> {
    this.#client.child.stdin!.write(`${name} open ${address} ${port} ${keepAlive}\n`);
    await this.#client.until(({ stdout }) => stdout.includes(`${name} open `), `${name} is open`);
    return Number(new RegExp(`^${name} open (\\d+)$`, 'm').exec(this.#client.stdout)![1]);
  }

  /** One end says this text, and the other end has got it. */
  async say(name: string, end: 'client' | 'server', text: string): Promise<void> {
    this.#tell(name, end, `say ${text}`);
    const other = end === 'client' ? this.#server : this.#client;
    await other.until(({ stdout }) => stdout.includes(`${name} got ${text}\n`), `${name} has got ${text}`);
  }

  /** This end sends FIN, then the other one. */
  async finish(name: string, end: 'client' | 'server'): Promise<void> {
    const [first, second] = end === 'client' ? (['client', 'server'] as const) : (['server', 'client'] as const);
    this.#tell(name, first, 'end');
    await this.#of(second).until(({ stdout }) => stdout.includes(`${name} end\n`), `the FIN of ${name}`);
    this.#tell(name, second, 'end');
    for (const running of [this.#client, this.#server]) await closed(running, name);
  }

  /** This end sends RST. */
  async reset(name: string, end: 'client' | 'server'): Promise<void> {
    this.#tell(name, end, 'reset');
    for (const running of [this.#client, this.#server]) await closed(running, name);
  }

  #of(end: 'client' | 'server'): Running {
    return end === 'client' ? this.#client : this.#server;
  }

  #tell(name: string, end: 'client' | 'server', what: string): void {
    this.#of(end).child.stdin!.write(`${name} ${what}\n`);
  }
}

const closed = (running: Running, name: string): Promise<void> =>
  running.until(({ stdout }) => stdout.includes(`${name} closed\n`), `${name} is closed`);
