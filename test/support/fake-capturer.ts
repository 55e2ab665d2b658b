/**
 * A capturer that hands out the frames that a test makes: `tcpdump` on the path of the command is a script that copies them.
 * Everything from the pipe on is the real thing, without root and without an interface.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, createWriteStream, mkdirSync, type WriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NANO, pcap } from './capture-builder.ts';
import { ethernet, ipv4, tcp } from './frames.ts';

const COMMAND = join(import.meta.dirname, '../../bin/portzero.js');

export interface SniffOptions {
  /** Where standard output and standard error go, as of child_process; pipes that are read by default. */
  readonly stdio?: readonly ['ignore', 'pipe' | number, 'pipe' | number];
  readonly env?: Readonly<Record<string, string>>;
  /** Do not read what it prints on standard output until asked. */
  readonly unread?: boolean;
  /** The capturer says this and ends, every time it is started. */
  readonly complaint?: string;
  /** Asked for its counters, the capturer says that it lost so many frames; by default it says nothing. */
  readonly drops?: number;
  /** Asked to end, the capturer ends at once, as tcpdump and dumpcap do, and leaves what it has not handed over. */
  readonly leaves?: boolean;
  /** What runs it: `node` by default. */
  readonly through?: readonly string[];
}

/** `portzero sniff` over frames of ours. */
export class FakeSniff {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;
  readonly #frames: WriteStream;
  #sent = 0;

  /** `folder` must be empty, and one of its own. */
  constructor(folder: string, args: readonly string[], options: SniffOptions = {}) {
    mkdirSync(join(folder, 'bin'), { recursive: true });
    const fifo = join(folder, 'frames');
    spawnSync('mkfifo', [fifo]);
    const program = join(folder, 'bin', 'tcpdump');
    // Told to say its counters, it goes on; asked to end, it hands over what it holds.
    writeFileSync(program, `#!/bin/sh\n${scriptOf(fifo, options)}\n`);
    chmodSync(program, 0o755);
    const [file, ...rest] = [
      ...(options.through ?? [process.execPath]),
      COMMAND,
      'sniff',
      'any',
      '--backend',
      'tcpdump',
      // Of another link type than is expected of the interface the filter would be another one, and the capturer too.
      '--filter',
      '',
    ];
    this.child = spawn(file!, [...rest, ...args], {
      cwd: folder,
      env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, ...options.env },
      stdio: [...(options.stdio ?? ['ignore', 'pipe', 'pipe'])],
    });
    if (options.unread !== true) this.read();
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    // Waits for the reader, which is the script.
    this.#frames = createWriteStream(fifo);
    this.#frames.on('error', () => {});
    this.#frames.write(pcap([], { magic: NANO }));
  }

  read(): void {
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk;
    });
  }

  /** Hands out frames with these times (milliseconds since 1970). */
  async send(frames: readonly { readonly bytes: Uint8Array; readonly millis?: number }[]): Promise<void> {
    const records = frames.map(({ bytes, millis = Date.now() }) => ({
      bytes,
      seconds: Math.floor(millis / 1000),
      fraction: Math.floor((millis % 1000) * 1e6),
    }));
    const header = pcap([], { magic: NANO }).length;
    await new Promise((resolve) => this.#frames.write(pcap(records, { magic: NANO }).subarray(header), resolve));
  }

  /** For a test that has failed. */
  kill(): void {
    this.child.kill('SIGKILL');
    this.#frames.destroy();
  }

  /** So many SYNs to port 0, each from ends of its own, and as many RSTs that answer them. */
  async connect(count: number, millis?: number): Promise<void> {
    const frames = Array.from({ length: count }, () => refusal(this.#sent++)).flat();
    await this.send(frames.map((bytes) => ({ bytes, ...(millis === undefined ? {} : { millis }) })));
  }

  /** No more frames come; the capturer ends by itself. */
  finish(): Promise<number | null> {
    this.#frames.end();
    return this.ended;
  }

  /** As Ctrl-C does. */
  async interrupt(): Promise<number | null> {
    this.child.kill('SIGINT');
    // Until then the capturer waits for frames.
    this.#frames.end();
    return this.ended;
  }

  /** Waits until it holds, up to two minutes. */
  async until(holds: (sniff: this) => boolean, what: string): Promise<void> {
    for (let turn = 0; !holds(this); turn++) {
      if (turn === 6000) throw new Error(`no ${what} in two minutes: ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function scriptOf(fifo: string, { complaint, drops, leaves = false }: SniffOptions): string {
  if (complaint !== undefined) return `echo '${complaint}' >&2\nexit 1`;
  if (leaves) return `trap '' USR1\nexec cat '${fifo}'`;
  if (drops === undefined) return `trap '' USR1 INT\nexec cat '${fifo}'`;
  // As tcpdump's; a trap ends "wait", not what is waited for.
  return `trap '' INT\ncat '${fifo}' &\ntrap 'echo "${drops} packets dropped by kernel" >&2' USR1\nwhile kill -0 $! 2>/dev/null; do wait $!; done`;
}

/** A SYN to port 0 and the RST that refuses it. */
export function refusal(number: number): Uint8Array[] {
  const client = `10.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
  const server = '192.0.2.2';
  const port = 1024 + (number % 60_000);
  return [
    ethernet(
      {},
      ipv4(
        { source: client, destination: server },
        tcp({ sourcePort: port, destinationPort: 0, flags: 'S', sequence: 7 }),
      ),
    ),
    ethernet(
      {},
      ipv4(
        { source: server, destination: client },
        tcp({ sourcePort: 0, destinationPort: port, flags: 'RA', acknowledgment: 8 }),
      ),
    ),
  ];
}
