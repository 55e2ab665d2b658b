import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describePassedOver, findConfig } from '../../src/config/find.ts';
import { loadConfig } from '../../src/config/load.ts';
import { loadPlugins } from '../../src/config/plugins.ts';
import { trustedUsers } from '../../src/config/trust.ts';
import { fixture, runCommand } from '../support/command.ts';
import { describeWith } from '../support/tools.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-trust-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Nobody's user id on the machine that runs the tests, and not "nobody" either. */
const STRANGER = 54_321;
const NAME = 'portzero.config.yaml';
let folders = 0;

/** A tree of files; names that end in a slash are folders. */
function tree(files: Record<string, string>): string {
  const folder = join(scratch, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, text);
  }
  return folder;
}

const find = (cwd: string, env: NodeJS.ProcessEnv = {}) => findConfig(cwd, env);

describe('the search upward', () => {
  it('ends at the root of a repository, whose own configuration counts', () => {
    for (const git of ['repo/.git/HEAD', 'repo/.git']) {
      const folder = tree({ [NAME]: '{}', [git]: 'gitdir: elsewhere', 'repo/a/b/': '' });
      const found = find(join(folder, 'repo/a/b'));
      expect(found.file).toBeNull();
      expect(found.passedOver).toMatchObject({ file: join(folder, NAME), unsafe: false });
      expect(describePassedOver(found.passedOver!)).toBe(
        `the configuration ${join(folder, NAME)} was passed over: the search ends at the root of the repository, ${join(folder, 'repo')}. Name it with --config to use it`,
      );
      writeFileSync(join(folder, 'repo', NAME), '{}');
      expect(find(join(folder, 'repo/a/b'))).toEqual({ file: join(folder, 'repo', NAME), passedOver: null });
    }
  });

  it('ends at the home folder, by whatever path that is named', () => {
    const folder = tree({ [NAME]: '{}', 'home/a/': '' });
    symlinkSync(join(folder, 'home'), join(folder, 'link'));
    for (const HOME of [join(folder, 'home'), join(folder, 'link')]) {
      const found = find(join(folder, 'home/a'), { HOME });
      expect(found.file).toBeNull();
      expect(found.passedOver?.why).toContain('the home folder');
    }
    writeFileSync(join(folder, 'home', NAME), '{}');
    expect(find(join(folder, 'home/a'), { HOME: join(folder, 'home') }).file).toBe(join(folder, 'home', NAME));
  });

  it('goes by where the working directory is, not by the link that leads there', () => {
    const folder = tree({ [`one/${NAME}`]: '{}', [`two/${NAME}`]: '{}', 'two/deep/': '' });
    symlinkSync(join(folder, 'two/deep'), join(folder, 'one/link'));
    expect(find(join(folder, 'one/link')).file).toBe(join(folder, 'two', NAME));
  });

  it.each([
    [0o777, 'can be written to by anybody (mode 0777)'],
    [0o1777, 'can be written to by anybody (mode 1777)'],
  ])('ends at a folder of mode %o', (mode, why) => {
    const folder = tree({ [NAME]: '{}', [`open/${NAME}`]: '{}', 'open/a/b/': '' });
    chmodSync(join(folder, 'open'), mode);
    const found = find(join(folder, 'open/a/b'));
    expect(found).toEqual({
      file: null,
      passedOver: { file: join(folder, 'open', NAME), why: `${join(folder, 'open')} ${why}`, unsafe: true },
    });
    // What lies above it is not looked for either, and told.
    rmSync(join(folder, 'open', NAME));
    expect(find(join(folder, 'open/a/b')).passedOver?.file).toBe(join(folder, NAME));
  });

  it('ends at a file that others may write to', () => {
    const folder = tree({ [NAME]: '{}' });
    chmodSync(join(folder, NAME), 0o666);
    expect(find(folder)).toMatchObject({
      file: null,
      passedOver: { why: 'it can be written to by anybody (mode 0666)' },
    });
  });

  it('follows a link, and asks the same of what it leads to', () => {
    const folder = tree({ 'safe/policy.yaml': '{}', 'open/policy.yaml': '{}', 'a/': '', 'b/': '' });
    chmodSync(join(folder, 'open'), 0o1777);
    symlinkSync(join(folder, 'safe/policy.yaml'), join(folder, 'a', NAME));
    symlinkSync(join(folder, 'open/policy.yaml'), join(folder, 'b', NAME));
    expect(find(join(folder, 'a')).file).toBe(join(folder, 'a', NAME));
    expect(find(join(folder, 'b')).passedOver?.why).toBe(
      `${join(folder, 'open')} can be written to by anybody (mode 1777)`,
    );
  });
});

describeWith(['root'], 'owners', () => {
  it('other than this user and root end the search, of folder, file and link', () => {
    const folder = tree({ [`theirs/${NAME}`]: '{}', [`file/${NAME}`]: '{}', 'link/': '', 'policy.yaml': '{}' });
    chownSync(join(folder, 'theirs'), STRANGER, 0);
    chownSync(join(folder, 'file', NAME), STRANGER, 0);
    symlinkSync(join(folder, 'policy.yaml'), join(folder, 'link', NAME));
    lchownSync(join(folder, 'link', NAME), STRANGER, 0);
    expect(find(join(folder, 'theirs')).passedOver?.why).toBe(
      `${join(folder, 'theirs')} belongs to another user (${STRANGER})`,
    );
    for (const where of ['file', 'link']) {
      expect(find(join(folder, where))).toMatchObject({
        file: null,
        passedOver: { file: join(folder, where, NAME), why: `it belongs to another user (${STRANGER})` },
      });
    }
    // Under sudo it is whoever called it; the variable is a number or nothing.
    expect(find(join(folder, 'theirs'), { SUDO_UID: `${STRANGER}` }).file).toBe(join(folder, 'theirs', NAME));
    expect(find(join(folder, 'theirs'), { SUDO_UID: `${STRANGER} ` }).file).toBeNull();
    expect([...trustedUsers({ SUDO_UID: '' }).users!]).toEqual([0]);
  });

  it('may have a group of their own that can write, but not one that holds others', () => {
    const folder = tree({ [`private/${NAME}`]: '{}', [`shared/${NAME}`]: '{}' });
    chmodSync(join(folder, 'private'), 0o775);
    chownSync(join(folder, 'shared'), 0, STRANGER);
    chmodSync(join(folder, 'shared'), 0o775);
    expect(find(join(folder, 'private')).file).not.toBeNull();
    expect(find(join(folder, 'shared')).passedOver?.why).toBe(
      `${join(folder, 'shared')} can be written to by others of group ${STRANGER} (mode 0775)`,
    );
    // A group that no file lists, with the number of a user that is trusted: a user's own group.
    const own = { SUDO_UID: `${STRANGER}` };
    expect(find(join(folder, 'shared'), own).file).not.toBeNull();
  });

  it('does not believe SUDO_UID unless it is root', () => {
    const folder = tree({ [`theirs/${NAME}`]: 'failOn: info' });
    chmodSync(scratch, 0o755);
    chownSync(join(folder, 'theirs'), STRANGER, STRANGER);
    const script = `import { findConfig } from ${JSON.stringify(join(import.meta.dirname, '../../build/config/find.js'))};
      console.log(JSON.stringify(findConfig(${JSON.stringify(join(folder, 'theirs'))}, { SUDO_UID: '${STRANGER}', HOME: '/' })));`;
    const run = (uid: number) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], { uid, gid: uid, encoding: 'utf8', cwd: '/' });
    const [stranger, other] = [run(STRANGER), run(STRANGER + 1)];
    // A checkout that another user cannot read has nothing to ask.
    if (stranger.status !== 0) return;
    expect(JSON.parse(stranger.stdout).file).toBe(join(folder, 'theirs', NAME));
    expect(JSON.parse(other.stdout)).toMatchObject({ file: null, passedOver: { unsafe: true } });
  });
});

/** A configuration whose module writes a file when it is run. */
function withPlugin(): { cwd: string; ran: () => boolean } {
  const cwd = tree({ 'a/b/c/': '' });
  const mark = join(cwd, 'ran');
  writeFileSync(join(cwd, NAME), 'failOn: error\nplugins: [./evil.mjs]\n');
  writeFileSync(
    join(cwd, 'evil.mjs'),
    `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(mark)}, '');\nexport const rules = [];\n`,
  );
  return {
    cwd,
    ran() {
      const ran = existsSync(mark);
      rmSync(mark, { force: true });
      return ran;
    },
  };
}

const CAPTURE = fixture('closed/connect-ipv4.pcap');

describe('plugins of a configuration that nobody named', () => {
  const commands: [string, string[]][] = [
    ['FILE', [CAPTURE]],
    ['analyze', ['analyze', CAPTURE]],
    ['--print-config', ['--print-config', CAPTURE]],
    ['sniff', ['sniff', 'lo', '--duration', '100ms']],
    ['probe', ['probe', '127.0.0.1']],
  ];

  it.each(commands)('are not run by %s, which says how they would be', async (_, args) => {
    const { cwd, ran } = withPlugin();
    const { status, stdout, stderr } = await runCommand(args, { cwd: join(cwd, 'a/b/c') });
    expect([status, stdout, ran()]).toEqual([2, '', false]);
    expect(stderr).toMatch(/^portzero: .*portzero\.config\.yaml:2:1: plugins: .*--allow-plugins.*--config\n$/);
  });

  it('are not run by rules, which lists the others', async () => {
    const { cwd, ran } = withPlugin();
    const { status, stdout, stderr } = await runCommand(['rules'], { cwd });
    expect([status, ran()]).toEqual([0, false]);
    expect(stdout).toContain('syn-to-port-zero');
    expect(stderr).toContain('--allow-plugins');
  });

  it.each([
    ['FILE', [CAPTURE]],
    ['--print-config', ['--print-config', CAPTURE]],
    ['rules', ['rules']],
  ] as [string, string[]][])('are run by %s when asked to, either way', async (_, args) => {
    const { cwd, ran } = withPlugin();
    for (const asked of [['--allow-plugins'], ['--config', NAME]]) {
      const { status } = await runCommand([...args, ...asked], { cwd });
      expect([status, ran()], asked.join(' ')).toEqual([0, true]);
    }
  });

  it('are not run where the place is not safe, though asked: that is another configuration', async () => {
    const { cwd, ran } = withPlugin();
    chmodSync(cwd, 0o777);
    const { status, stderr } = await runCommand([CAPTURE, '-q', '--allow-plugins'], { cwd: join(cwd, 'a/b/c') });
    expect([status, ran()]).toEqual([1, false]);
    expect(stderr).toBe(
      `portzero: the configuration ${join(cwd, NAME)} was passed over: ${cwd} can be written to by anybody (mode 0777). Name it with --config to use it\n`,
    );
    expect(
      (await runCommand([CAPTURE, '-q', '--config', `../../../${NAME}`], { cwd: join(cwd, 'a/b/c') })).status,
    ).toBe(0);
    expect(ran()).toBe(true);
  });

  it('are not run from the library either', async () => {
    const { cwd, ran } = withPlugin();
    await expect(loadConfig({ cwd })).rejects.toThrow('plugins are programs');
    expect(ran()).toBe(false);
    await loadConfig({ cwd, allowPlugins: true });
    expect(ran()).toBe(true);
  });
});

describe('packages of a configuration that was named', () => {
  it('are not taken from a folder where anybody could have put one', async () => {
    const folder = tree({
      [`project/${NAME}`]: 'plugins: [planted]',
      'node_modules/planted/index.js': 'module.exports = { rules: [] };',
    });
    chmodSync(join(folder, 'node_modules/planted'), 0o777);
    const options = { cwd: join(folder, 'project'), path: NAME };
    await expect(loadConfig(options)).rejects.toThrow(/planted\/index\.js was not run: .*by anybody.*--allow-plugins/);
    const config = await loadConfig({ ...options, allowPlugins: true });
    expect((await loadPlugins(config)).rules).toEqual([]);
  });

  it('are taken from beside it, whoever that belongs to', async () => {
    const folder = tree({
      [NAME]: 'plugins: [own]',
      'node_modules/own/index.js': 'module.exports = { rules: [] };',
    });
    chmodSync(folder, 0o777);
    expect((await loadConfig({ cwd: folder, path: NAME })).plugins).toEqual(['own']);
    expect(readdirSync(folder)).toContain('node_modules');
  });
});
