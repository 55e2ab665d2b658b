import type { Argv } from 'yargs';
import type { CliIo } from './io.ts';
import type { VerbName } from './options.ts';

/** What src/cli/commands/<verb>.ts exports; see io.ts. */
interface CommandModule {
  builder(yargs: Argv): Argv<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: each command has arguments of its own, declared by its builder.
  run(args: any, io: CliIo): Promise<number>;
}

interface Verb {
  readonly command: string;
  readonly describe: string;
  readonly load: () => Promise<CommandModule>;
}

/** The commands, in the order of --help. */
export const VERBS: Readonly<Record<VerbName, Verb>> = {
  analyze: {
    command: 'analyze [files..]',
    describe: 'Tell from captures who used port 0 and how the stack answered (also: portzero FILE)',
    load: () => import('./commands/analyze.ts'),
  },
  sniff: { command: 'sniff [interfaces..]', describe: 'The same, live', load: () => import('./commands/sniff.ts') },
  probe: {
    command: 'probe <hosts..>',
    describe: 'Connect to port 0 of a host, and tell where that was stopped',
    load: () => import('./commands/probe.ts'),
  },
  interfaces: {
    command: 'interfaces',
    describe: 'List the interfaces one can sniff on',
    load: () => import('./commands/interfaces.ts'),
  },
  rules: {
    command: 'rules [id]',
    describe: 'List the rules; with an id, what the rule means and what to do',
    load: () => import('./commands/rules.ts'),
  },
  atlas: {
    command: 'atlas [stack]',
    describe: 'Which stacks refuse port 0, and which do not; learn one from a capture',
    load: () => import('./commands/atlas.ts'),
  },
  diff: {
    command: 'diff <old> <new>',
    describe: 'Compare two JSON reports: exit status 1 when a verdict changed or findings came or went',
    load: () => import('./commands/diff.ts'),
  },
  distil: {
    command: 'distil <files..>',
    describe: 'Keep of captures the frames that port 0 can ever need, for merge: archives past one machine',
    load: () => import('./commands/distil.ts'),
  },
  merge: {
    command: 'merge <shards..>',
    describe: 'The report on many captures, as one, from what distil kept of them',
    load: () => import('./commands/merge.ts'),
  },
  sweep: {
    command: 'sweep <paths..>',
    describe: 'The report on archives that workers on many machines read',
    load: () => import('./commands/sweep.ts'),
  },
  work: {
    command: 'work',
    describe: 'Distil the captures that sweeps ask for',
    load: () => import('./commands/work.ts'),
  },
  collect: {
    command: 'collect',
    describe: 'Take what sensors have sent from the hub into the store',
    load: () => import('./commands/collect.ts'),
  },
  query: {
    command: 'query <what>',
    describe:
      'Ask the store who used port 0 and what was accepted, over months; what was lost, and which captures failed',
    load: () => import('./commands/query.ts'),
  },
  setup: {
    command: 'setup <what>',
    describe: 'Make the streams and tables that sweeps and sensors need',
    load: () => import('./commands/setup.ts'),
  },
  completion: {
    command: 'completion [shell]',
    describe: 'Print the script that completes commands and options in bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
};
