import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { VERBS } from '../../src/cli/verbs.ts';
import { FORMATS } from '../../src/report/formats/index.ts';
import { declaredOptions } from '../support/declared.ts';
import { fakeIo } from '../support/io.ts';
import { describeWith } from '../support/tools.ts';

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'portzero-completion-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Where the user stands: two files to be completed. */
const cwd = join(scratch, 'here');
const scriptOf = (shell: string) => join(scratch, `portzero.${shell}`);

async function print(...args: string[]) {
  const io = fakeIo({ cwd });
  const status = await main(['completion', ...args], io);
  return { status, stdout: io.out(), stderr: io.err() };
}

beforeAll(async () => {
  mkdirSync(join(cwd, 'captures'), { recursive: true });
  writeFileSync(join(cwd, 'trace.pcap'), '');
  for (const shell of ['bash', 'zsh', 'fish']) writeFileSync(scriptOf(shell), (await print(shell)).stdout);
});

describe('portzero completion', () => {
  it('knows the shell from the environment, or asks', async () => {
    const io = fakeIo({ cwd, env: { SHELL: '/usr/bin/fish' } });
    expect(await main(['completion'], io)).toBe(0);
    expect(io.out()).toMatch(/^# fish completion/);
    expect(await print()).toEqual({
      status: 2,
      stdout: '',
      stderr: 'portzero: which shell? portzero completion bash, zsh, fish\n',
    });
    expect((await print('tcsh')).stderr).toContain('completion takes "bash", "zsh", "fish", not "tcsh"');
  });
});

/** Asks a real shell what it offers behind these words; the last one is being typed. */
type Ask = (...words: string[]) => Promise<string[]>;

const askBash: Ask = async (...words) => {
  const script = `source '${scriptOf('bash')}'
    COMP_WORDS=(portzero "$@"); COMP_CWORD=$#; COMP_LINE="portzero $*"; COMP_POINT=\${#COMP_LINE}
    _portzero; printf '%s\\n' "\${COMPREPLY[@]}"
    # What readline does by the options of complete, where a function offers nothing.
    if [ \${#COMPREPLY[@]} -eq 0 ]; then compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"; fi`;
  const { stdout } = await run('bash', ['--norc', '-euc', script, 'bash', ...words], { cwd });
  return stdout.split('\n').filter(Boolean);
};

const askFish: Ask = async (...words) => {
  const line = ['portzero', ...words].join(' ');
  const script = `source '${scriptOf('fish')}'; complete -C '${line}'`;
  const env = { ...process.env, HOME: scratch, XDG_CONFIG_HOME: join(scratch, 'config') };
  const { stdout } = await run('fish', ['--no-config', '-c', script], { cwd, env });
  // A value behind = is offered with the option.
  return stdout.split('\n').flatMap((text) => text.split('\t')[0]!.replace(/^--\w+=/, '') || []);
};

/** zsh completes only where it has a terminal, so it gets one; what compsys would list is noted where it hands that over. */
const askZsh: Ask = async (...words) => {
  const noted = join(scratch, 'zsh-noted');
  const setup = join(scratch, 'zsh-setup');
  writeFileSync(noted, '');
  writeFileSync(
    setup,
    `PS1=; fpath=($fpath)
autoload -Uz compinit && compinit -u -D
source '${scriptOf('zsh')}'
compadd() {
  local -a found; local word
  builtin compadd -A found "$@"
  for word in $found; do print -r -- $word; done >> '${noted}'
  builtin compadd "$@"
}
note() { zle complete-word; print done >> '${noted}'; exit }
zle -N note; bindkey '^I' note
print ready >> '${noted}'
`,
  );
  const driver = `zmodload zsh/zpty; TRAPEXIT() { zpty -d shell 2>/dev/null }
    zpty shell 'cd ${cwd}; TERM=dumb zsh -f -i'
    zpty -w shell 'source ${setup}'
    wait_for() { repeat 500; do [[ $(<'${noted}') == *$1* ]] && return; zpty -rt shell _ 2>/dev/null; sleep 0.02; done; print -u2 no $1; exit 1 }
    wait_for ready
    zpty -wn shell $'${['portzero', ...words].join(' ')}\\t'
    wait_for done
    cat '${noted}'`;
  const { stdout } = await run('zsh', ['-f', '-c', driver], { cwd, timeout: 180_000 });
  return stdout.split('\n').filter((line) => line !== '' && line !== 'ready' && line !== 'done');
};

describe.each([
  { shell: 'bash' as const, ask: askBash },
  { shell: 'zsh' as const, ask: askZsh },
  { shell: 'fish' as const, ask: askFish },
])('completions', ({ shell, ask }) => {
  describeWith([shell], `in a real ${shell}`, () => {
    const offers = async (...words: string[]) => [...new Set(await ask(...words))].sort();

    it('offer the commands', async () => {
      expect(await offers('')).toEqual(expect.arrayContaining(Object.keys(VERBS)));
      expect(await offers('sn')).toEqual(['sniff']);
    });

    it.each(Object.keys(VERBS))('offer every option of %s', async (name) => {
      const words = await declaredOptions(name);
      const offered = await offers(name, '-');
      const long = (list: readonly string[]) =>
        list.filter((word) => word.startsWith('--')).map((w) => w.replace('=', ''));
      expect(long(offered)).toEqual(expect.arrayContaining(long(words)));
      // Beside them only negations.
      expect(long(offered).filter((word) => !words.includes(word) && !word.startsWith('--no-'))).toEqual([]);
    });

    it('offer what an option takes', async () => {
      expect(await offers('trace.pcap', '--fail-on', '')).toEqual(['error', 'info', 'never', 'warning']);
      expect(await offers('analyze', '-f', '')).toEqual([...FORMATS].sort());
      expect(await offers('probe', '--format', '')).toEqual(['json', 'text']);
      expect(await offers('sniff', '--link-type', 'linux_')).toContain('linux_sll');
      const fused = shell === 'bash' ? ['--exchanges', '=', 'fl'] : ['--exchanges=fl'];
      expect(await offers('analyze', ...fused)).toEqual(['flagged']);
    });

    it('offer nothing where nothing is known', async () => {
      expect((await offers('analyze', '--jobs', '')).filter((word) => word.startsWith('-'))).toEqual([]);
    });

    it('offer files where captures or reports are named, rules and shells where these are', async () => {
      expect((await offers('tr')).map((word) => word.trim())).toEqual(['trace.pcap']);
      expect(await offers('analyze', '--report', 'tr')).toEqual(['trace.pcap']);
      expect(await offers('rules', 'port-zero-sc')).toEqual(['port-zero-scan']);
      expect(await offers('completion', '')).toEqual(['bash', 'fish', 'zsh']);
    });

    it('offer interfaces', async () => {
      expect(await offers('sniff', 'l')).toContain('lo');
    });
  });
});

describeWith(['bash', 'shellcheck'], 'the script for bash', () => {
  it('has nothing that shellcheck minds', async () => {
    expect((await run('shellcheck', ['-s', 'bash', scriptOf('bash')])).stdout).toBe('');
  });
});

describe('what takes a path', () => {
  it.each(Object.keys(VERBS))('is completed as one, of %s', async (name) => {
    const { describeCommands } = await import('../../src/cli/help/describe-commands.ts');
    const { options, operands } = (await describeCommands()).find((command) => command.name === name)!;
    const described =
      /(configuration|this pcapng|this|of the) file\b|file;|^JSON report|^Captures|in MaxMind's format|in this capture|^File|^Folder|^Distillates|this file has/i;
    for (const { name: option, describe: text, values } of [...options, ...operands])
      if (values !== null) expect(values.kind === 'files', `${name} ${option}: ${text}`).toBe(described.test(text));
  });
});
