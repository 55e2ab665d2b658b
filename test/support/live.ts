/** Runs the built command in the namespaces of a lab. */
import { join } from 'node:path';
import type { ExchangeReport, FindingReport, InputReport, SummaryReport } from '../../src/report/model/types.ts';
import type { Host, Lab, Running } from './netns.ts';

const BIN = join(import.meta.dirname, '../../bin/portzero.js');

export const portzero = (...args: readonly string[]): string[] => [process.execPath, BIN, ...args];

/**
 * Runs the rest of a command without a capability: root that the kernel takes for nobody (capabilities(7), SECBIT_NOROOT), so that
 * it can still read a clone that is only root's. What a program's file gives it has.
 */
export const WITHOUT_RIGHTS = ['setpriv', '--securebits=+noroot,+noroot_locked', '--inh-caps=-all'];

/** Starts `portzero sniff` on the host's interface and waits until frames are being captured. */
export async function startSniff(lab: Lab, host: Host, ...args: readonly string[]): Promise<Running> {
  const running = lab.start(host, portzero('sniff', ...args));
  await running.until(({ stderr }) => stderr.includes('sniffing on'), 'sniffing');
  return running;
}

/** Frames so far, as SIGUSR1 has them printed. */
export async function askFrames(sniff: Running): Promise<number> {
  const asked = sniff.stderr.length;
  sniff.child.kill('SIGUSR1');
  await sniff.until(({ stderr }) => /frames?, .*\n/.test(stderr.slice(asked)), 'counters');
  return Number(/([\d,]+) frames?, /.exec(sniff.stderr.slice(asked))![1]!.replaceAll(',', ''));
}

/**
 * Waits until `-f ndjson` has told so many settled exchanges. A finding comes with the SYN, when its answer may still be in
 * the capturer; an exchange that has settled has all its frames. Wants an --answer-timeout that somebody can wait for.
 */
export function untilSettled(sniff: Running, exchanges: number): Promise<void> {
  const told = ({ stdout }: Running) => stdout.split('"type":"exchange"').length > exchanges;
  return sniff.until(told, `${exchanges} settled exchanges`);
}

/** Ends it as Ctrl-C does; settles with the exit status. */
export function interrupt(running: Running): Promise<number | null> {
  running.child.kill('SIGINT');
  return running.ended;
}

export interface SniffOutput {
  readonly exchanges: readonly ExchangeReport[];
  readonly findings: readonly FindingReport[];
  readonly summary: SummaryReport;
  readonly input: InputReport;
}

/** Takes the output of `-f ndjson` apart. */
export function readNdjson(text: string): SniffOutput {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  const of = <T>(type: string) => lines.filter((line) => line.type === type) as unknown as T[];
  const [last] = of<{ summary: SummaryReport; inputs: InputReport[] }>('summary');
  if (last === undefined) throw new Error(`there is no summary in ${text}`);
  return { exchanges: of('exchange'), findings: of('finding'), summary: last.summary, input: last.inputs[0]! };
}

/** The time that is waited runs from the SYN on: net.connect() has sent it by the next turn. */
const ATTEMPT = `
const [host, port] = process.argv.slice(1);
const end = () => process.exit();
require('node:net').connect({ host, port: Number(port) }, end).on('error', end);
setImmediate(() => setTimeout(end, 300));`;

/** A connection attempt by a program that knows nothing of us, given up after a while. */
export function connect(lab: Lab, host: Host, address: string, port = 0): void {
  lab.run(host, [process.execPath, '-e', ATTEMPT, address, String(port)]);
}
