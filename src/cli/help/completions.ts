import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';
import type { CommandDescription } from './describe-commands.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const WRITERS: Readonly<Record<Shell, (commands: readonly CommandDescription[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The names under which each shell finds its script in its own folder for that. */
export const COMPLETION_FILES: Readonly<Record<Shell, string>> = {
  bash: 'portzero',
  zsh: '_portzero',
  fish: 'portzero.fish',
};

/** The script that teaches a shell the commands, options and their values. */
export function completionFor(shell: Shell, commands: readonly CommandDescription[]): string {
  return WRITERS[shell](commands);
}
