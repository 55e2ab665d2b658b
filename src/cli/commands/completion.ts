import { basename } from 'node:path';
import type { Argv } from 'yargs';
import { completionFor, SHELLS, type Shell } from '../help/completions.ts';
import { describeCommands } from '../help/describe-commands.ts';
import { CliError, type CliIo, EXIT_CLEAN, writeData } from '../io.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage('$0 completion [shell]\n\nPrint the script that teaches a shell the commands and options.')
    .positional('shell', {
      type: 'string',
      choices: SHELLS,
      describe: 'For which shell',
      defaultDescription: 'the one that $SHELL names',
    })
    .example('source <($0 completion bash)', 'for this bash; in ~/.bashrc for all')
    .example('$0 completion zsh > ~/.zfunc/_portzero', 'for zsh, where ~/.zfunc is in $fpath')
    .example('$0 completion fish > ~/.config/fish/completions/portzero.fish', 'for fish');
}

export async function run(args: { readonly shell?: Shell | undefined }, io: CliIo): Promise<number> {
  const shell = args.shell ?? SHELLS.find((name) => name === basename(io.env.SHELL ?? ''));
  if (shell === undefined) throw new CliError(`which shell? portzero completion ${SHELLS.join(', ')}`);
  await writeData(io.stdout, completionFor(shell, await describeCommands()));
  return EXIT_CLEAN;
}
