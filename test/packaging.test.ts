import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../src/version.ts';
import { pack } from './support/pack.ts';
import { describeWith } from './support/tools.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-packaging-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let tarball: string;
beforeAll(() => {
  tarball = pack(scratch).path;
});
const script = (name: string, ...args: string[]) =>
  execFileSync(join(root, 'packaging', name), args, {
    encoding: 'utf8',
    env: { ...process.env, SOURCE_DATE_EPOCH: '1790000000' },
  });

describeWith(['dpkg-deb', 'lintian'], 'the Debian package', () => {
  let path: string;
  beforeAll(() => {
    path = script('debian/build.sh', tarball, join(scratch, 'deb')).trim();
  });

  it('has nothing that lintian minds', () => {
    expect(path).toMatch(new RegExp(`/portzero_${VERSION}_all\\.deb$`));
    const { stdout } = spawnSync('lintian', ['--allow-root', '--fail-on', 'none', path], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it('runs from where it is unpacked, with its manual page and completions where they are looked for', () => {
    const tree = join(scratch, 'unpacked');
    execFileSync('dpkg-deb', ['-x', path, tree]);
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(tree, 'usr/bin/portzero'), ...args], { encoding: 'utf8', cwd: scratch });
    expect(run('--version').stdout).toBe(`${VERSION}\n`);
    const report = run('-q', '-f', 'json', join(tree, 'usr/share/doc/portzero/examples/port-zero.pcap'));
    expect(report.status).toBe(1);
    expect(JSON.parse(report.stdout).summary.portZero).toMatchObject({ accepted: 1, unreachable: 1 });
    expect(run('atlas').status).toBe(0);
    for (const [folder, file] of [
      ['man/man1', 'portzero.1.gz'],
      ['bash-completion/completions', 'portzero'],
      ['zsh/vendor-completions', '_portzero'],
      ['fish/vendor_completions.d', 'portzero.fish'],
    ] as const)
      expect(readdirSync(join(tree, 'usr/share', folder))).toEqual([file]);
  });

  it('is the same when it is built again', () => {
    const again = script('debian/build.sh', tarball, join(scratch, 'again')).trim();
    expect(readFileSync(again).equals(readFileSync(path))).toBe(true);
  });
});

describeWith(['ruby'], "Homebrew's formula", () => {
  it('is Ruby, and is about this tarball', () => {
    const text = script('homebrew/formula.sh', tarball);
    const path = join(scratch, 'portzero.rb');
    writeFileSync(path, text);
    expect(execFileSync('ruby', ['-wc', path], { encoding: 'utf8' })).toBe('Syntax OK\n');
    expect(text).toContain(`sha256 "${createHash('sha256').update(readFileSync(tarball)).digest('hex')}"`);
    expect(text).toContain(`/releases/download/v${VERSION}/portzero-${VERSION}.tgz"`);
    // What it links and tests is in the package.
    const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n');
    for (const [, name] of text.matchAll(/package\/"(.*?)"/g)) expect(files).toContain(`package/${name}`);
    expect(files).toContain('package/examples/port-zero.pcap');
  });
});

interface Workflow {
  readonly on: Record<string, unknown>;
  readonly jobs: Record<string, { steps: { name?: string; uses?: string; run?: string }[] }>;
}

describe('the release workflow', () => {
  const workflow = parse(readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  it('runs scripts that there are', () => {
    for (const { run = '' } of steps)
      for (const [, path] of run.matchAll(/(?:^|\s)((?:packaging|bin)\/[\w./-]+)/g))
        expect(readFileSync(join(root, path!), 'utf8')).toMatch(/^#!/);
    expect(workflow.on).toHaveProperty('workflow_dispatch');
  });

  it('makes what it publishes, by the very steps', () => {
    const step = steps.find(({ name }) => name === 'Pack')!.run!;
    const work = join(scratch, 'release');
    mkdirSync(join(work, 'packed'), { recursive: true });
    // All of the step but npm pack itself, which builds anew, and the owner of the files, which is no other here.
    const commands = step
      .replace(/^sudo chown.*$/m, '')
      .replace('mkdir packed', '')
      .replace(/^npm pack .*$/m, `cp '${tarball}' packed/`)
      .replace(/\$\(git log.*?\)/, '1790000000');
    expect(commands).not.toBe(step);
    execFileSync(
      'bash',
      ['-euc', `${['packaging', 'dist'].map((name) => `ln -s '${join(root, name)}' ${name}`).join('\n')}\n${commands}`],
      { cwd: work },
    );
    expect(readdirSync(join(work, 'packed')).sort()).toEqual([
      'SHA256SUMS',
      'dist.tar.gz',
      `portzero-${VERSION}.tgz`,
      'portzero.rb',
      `portzero_${VERSION}_all.deb`,
    ]);
    const check = steps.find(({ run }) => run?.includes('sha256sum --check'))!.run!;
    expect(execFileSync('bash', ['-euc', check], { cwd: work, encoding: 'utf8' }).match(/: OK$/gm)).toHaveLength(4);
  });

  it('refuses another version than the one of package.json', () => {
    const check = steps.find(({ name }) => name?.startsWith('The version'))!.run!;
    const { status, stdout } = spawnSync('bash', ['-euo', 'pipefail', '-c', check], {
      cwd: root,
      env: { ...process.env, VERSION: '99.0.0' },
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stdout).toBe('::error::package.json has another version than 99.0.0\n');
  });
});

describeWith(['shellcheck'], 'the scripts of the release', () => {
  it.each(['packaging/debian/build.sh', 'packaging/homebrew/formula.sh', 'bin/setup', 'bin/test'])('%s', (path) => {
    expect(spawnSync('shellcheck', [join(root, path)], { encoding: 'utf8' }).stdout).toBe('');
  });

  it('and those in the workflow', () => {
    const { jobs } = parse(readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')) as Workflow;
    for (const { run } of Object.values(jobs).flatMap((job) => job.steps)) {
      if (run === undefined) continue;
      const input = run.replaceAll(/\$\{\{.*?\}\}/g, 'VALUE');
      expect(spawnSync('shellcheck', ['-s', 'bash', '-'], { input, encoding: 'utf8' }).stdout, run).toBe('');
    }
  });
});
