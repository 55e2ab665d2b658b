import type { Argv } from 'yargs';
import { describeRemedy } from '../../capture/live/capturer-run.ts';
import { listInterfaces, type NetworkInterface } from '../../capture/live/interfaces.ts';
import { type CapturerRights, tryCapturers } from '../../capture/live/rights.ts';
import type { CaptureProblem } from '../../capture/source.ts';
import { createColors } from '../../report/formats/colors.ts';
import { flow, pad, wrap } from '../../report/formats/layout.ts';
import { escapeForTerminal, stringifySafely } from '../../words/escape.ts';
import { type CliIo, EXIT_CLEAN, wantsColor, widthOf, writeData } from '../io.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage('$0 interfaces\n\nList the interfaces one can sniff on.')
    .option('format', {
      alias: 'f',
      type: 'string',
      choices: ['text', 'json'],
      requiresArg: true,
      describe: 'Format of standard output',
      defaultDescription: 'text',
    })
    .option('color', { type: 'boolean', describe: 'Colour even where it is no terminal; --no-color for none' });
}

export interface InterfacesArguments {
  readonly format?: 'text' | 'json' | undefined;
  readonly color?: boolean | undefined;
}

/** An interface and whether `portzero sniff` would work there now. */
type Listed = NetworkInterface & { readonly sniffable: boolean };

export async function run(args: InterfacesArguments, io: CliIo): Promise<number> {
  const interfaces = listInterfaces();
  // The right is the process's, not the interface's; loopback is up on any machine.
  const where = interfaces.find((it) => it.loopback && it.up) ?? interfaces.find((it) => it.up);
  const capturers = where === undefined ? [] : await tryCapturers(where.name);
  const allowed = capturers.some(({ obstacle }) => obstacle === null);
  const listed = interfaces.map((it): Listed => ({ ...it, sniffable: it.up && allowed }));
  if (args.format === 'json') {
    const json = {
      interfaces: listed,
      capturers: capturers.map(({ backend, obstacle }) => ({ name: backend, usable: obstacle === null, obstacle })),
    };
    await writeData(io.stdout, `${stringifySafely(json, 2)}\n`);
  } else {
    const colors = createColors(wantsColor(io, io.stdout, args.color));
    const width = Math.min(widthOf(io, io.stdout), 110);
    const ways = where === undefined ? '' : formatCapturers(capturers, where.name, width);
    await writeData(io.stdout, formatTable(listed, width, colors) + ways);
  }
  return EXIT_CLEAN;
}

interface Colors {
  bold(text: string): string;
  dim(text: string): string;
}

function formatTable(interfaces: readonly Listed[], width: number, colors: Colors): string {
  const rows = interfaces.map((it) => ({
    name: escapeForTerminal(it.name),
    state: stateOf(it),
    sniff: it.sniffable ? 'yes' : 'no',
    // What "any" is needs a word.
    addresses: it.name === 'any' ? ['(all interfaces at once)'] : it.addresses.length === 0 ? ['-'] : it.addresses,
  }));
  const nameWidth = Math.max(4, ...rows.map(({ name }) => name.length)) + 2;
  const stateWidth = Math.max(5, ...rows.map(({ state }) => state.length)) + 2;
  const head = `${pad('NAME', nameWidth)}${pad('STATE', stateWidth)}${pad('SNIFF', 7)}ADDRESSES`;
  let text = `${colors.bold(head)}\n`;
  for (const { name, state, sniff, addresses } of rows) {
    const first = `${pad(name, nameWidth)}${pad(state, stateWidth)}${pad(sniff, 7)}`;
    const lines = flow(addresses, ', ', width, first, ' '.repeat(first.length));
    text += sniff === 'yes' ? lines : lines.replace(/^.*$/gm, (line) => colors.dim(line));
  }
  return text;
}

function stateOf({ up, carrier, loopback }: NetworkInterface): string {
  const state = up ? (carrier === false ? 'up, no carrier' : 'up') : 'down';
  return loopback ? `${state}, loopback` : state;
}

function formatCapturers(capturers: readonly CapturerRights[], name: string, width: number): string {
  let text = '\n';
  for (const { backend, obstacle } of capturers) {
    text += wrap(escapeForTerminal(describeObstacle(obstacle)), width, pad(backend, 9), ' '.repeat(9));
  }
  const denied = capturers.find(({ obstacle }) => obstacle?.code === 'no-permission')?.obstacle;
  const allowed = capturers.some(({ obstacle }) => obstacle === null);
  if (!denied || allowed) return text;
  return `${text}\n${wrap(escapeForTerminal(`${denied.message}. ${describeRemedy(name)}`), width, '')}`;
}

function describeObstacle(obstacle: CaptureProblem | null): string {
  switch (obstacle?.code) {
    case undefined:
      return 'can capture';
    case 'capturer-missing': {
      // There, but not as this Node needs it.
      const fault = /cannot be loaded: (it was .*)$/.exec(obstacle?.message ?? '');
      return fault === null ? 'is not installed' : `cannot be loaded: ${fault[1]}`;
    }
    case 'no-permission':
      return 'is installed but not allowed to capture';
    default:
      return obstacle?.message ?? '';
  }
}
