import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeCommands } from '../../src/cli/help/describe-commands.ts';
import { manualPage } from '../../src/cli/help/manual.ts';
import { VERBS } from '../../src/cli/verbs.ts';
import { declaredOptions } from '../support/declared.ts';
import { describeWith } from '../support/tools.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-manual-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const path = join(scratch, 'portzero.1');
const page = manualPage(await describeCommands(), '1.2.3', '2026-11-26');
writeFileSync(path, page);

/** What man shows: its text, and its complaints. */
function show(columns = 80): string {
  return execFileSync('man', ['--warnings', '-l', path], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: `${columns}`, MAN_KEEP_FORMATTING: '' },
    // A complaint is among the text then.
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describeWith(['man'], 'the manual page', () => {
  it.each(Object.keys(VERBS))('has every option of %s', async (verb) => {
    const [, section] = show().split(new RegExp(`^   portzero ${verb}\\b.*$`, 'm'));
    const [own] = section!.split(/^(?: {3})?\S/m);
    const told = [...own!.matchAll(/^ {7}((?:-\w, )?--?[\w-]+)/gm)].flatMap(([, words]) => words!.split(', '));
    const declared = await declaredOptions(verb);
    expect(told).toEqual(expect.arrayContaining(declared));
    const more = told.filter((word) => !declared.includes(word) && !word.startsWith('--no-'));
    expect(more.filter((word) => word !== '-h' && word !== '-V')).toEqual([]);
  });

  it('is no wider than the terminal, and troff says nothing of it', () => {
    for (const columns of [80, 120]) {
      const complaints = execFileSync('sh', ['-c', 'man --warnings -l "$1" 2>&1 >/dev/null', 'sh', path], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: `${columns}` },
      });
      expect(complaints).toBe('');
      for (const line of show(columns).split('\n')) expect([...line].length, line).toBeLessThanOrEqual(columns);
    }
  });

  it('shows commands as they are typed', () => {
    expect(show()).toContain('portzero analyze run.pcap --exchanges all -r new.json &&\n');
    expect(page).not.toMatch(/\$0|undefined|null/);
  });
});

describeWith(['mandoc'], 'the manual page in mandoc', () => {
  it('has nothing that its lint minds', () => {
    expect(execFileSync('mandoc', ['-T', 'lint', path], { encoding: 'utf8' })).toBe('');
  });
});

describe('the manual page', () => {
  it('is named and dated', () => {
    expect(page).toMatch(/^\.TH PORTZERO 1 "2026-11-26" "portzero 1\.2\.3" /);
  });
});
