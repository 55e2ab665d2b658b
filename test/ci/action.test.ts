import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => parse(readFileSync(join(root, path), 'utf8'));

interface Step {
  id?: string;
  name?: string;
  uses?: string;
  with?: Record<string, string>;
  run?: string;
  shell?: string;
  'continue-on-error'?: boolean;
  env?: Record<string, string>;
  if?: string;
}
interface Action {
  name: string;
  description: string;
  inputs: Record<string, { description: string; required?: boolean; default?: string }>;
  outputs: Record<string, { description: string; value: string }>;
  runs: { using: string; steps: Step[] };
}
const action: Action = read('action.yml');
const { steps } = action.runs;

const scratch = mkdtempSync(join(tmpdir(), 'portzero-action-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

// The keys are those of GitHub's "Metadata syntax reference" for composite actions.
describe('action.yml has the shape that GitHub asks for', () => {
  it('at the top', () => {
    const known = ['name', 'author', 'description', 'inputs', 'outputs', 'runs', 'branding'];
    expect(known).toEqual(expect.arrayContaining(Object.keys(action)));
    expect(action.runs.using).toBe('composite');
    expect(action.description.length).toBeLessThanOrEqual(125);
  });

  it.each(Object.entries(action.inputs))('input %s', (name, input) => {
    expect(name).toMatch(/^[a-z_][a-z0-9_-]*$/);
    expect(['description', 'required', 'default', 'deprecationMessage']).toEqual(
      expect.arrayContaining(Object.keys(input)),
    );
    expect(input.required === true || typeof input.default === 'string').toBe(true);
  });

  it.each(steps.map((step) => [step.name, step] as const))('step %s', (_name, step) => {
    const known = ['id', 'name', 'if', 'uses', 'with', 'run', 'shell', 'env', 'working-directory', 'continue-on-error'];
    expect(known).toEqual(expect.arrayContaining(Object.keys(step)));
    expect(step.run === undefined).toBe(step.uses !== undefined);
    if (step.run !== undefined) expect(step.shell).toBe('bash');
    if (step.uses !== undefined) expect(step.uses).toMatch(/^[\w-]+\/[\w/-]+@v\d+$/);
  });

  it('names only inputs, step ids and outputs that exist', () => {
    const text = readFileSync(join(root, 'action.yml'), 'utf8');
    for (const [, name] of text.matchAll(/inputs\.([\w-]+)/g)) expect(action.inputs).toHaveProperty(name!);
    const written = new Set([...text.matchAll(/echo "(\w+)=[^"]*" >>"\$GITHUB_OUTPUT"/g)].map(([, name]) => name));
    for (const [, id, name] of text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
      expect(steps.map((step) => step.id)).toContain(id);
      expect(written).toContain(name);
    }
  });

  it('puts no input into a script', () => {
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });
});

describe('what the action runs', () => {
  const analyze = steps.find((step) => step.id === 'analyze')!;
  let home: string;
  let counter = 0;
  beforeEach(() => {
    home = join(scratch, String(counter++));
    mkdirSync(join(home, 'captures/deep'), { recursive: true });
    mkdirSync(join(home, 'temp'));
    cpSync(join(root, 'fixtures/closed/connect-ipv4.pcap'), join(home, 'captures/refused one.pcap'));
    cpSync(join(root, 'fixtures/closed/connect-ipv6.pcap'), join(home, 'captures/deep/six.pcap'));
  });

  /** Runs the step as GitHub does, and gives its annotations and outputs. */
  function runStep(inputs: Record<string, string>) {
    const output = join(home, 'output');
    const summary = join(home, 'summary.md');
    for (const path of [output, summary]) writeFileSync(path, '');
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      GITHUB_ACTION_PATH: root,
      PORTZERO_HOME: root,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: join(home, 'temp'),
    };
    for (const [variable, expression] of Object.entries(analyze.env!)) {
      const name = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression)?.[1];
      if (name === undefined) continue;
      env[variable] = inputs[name] ?? action.inputs[name]!.default ?? '';
    }
    const script = join(home, 'step.sh');
    writeFileSync(script, analyze.run!);
    // The command line that GitHub documents for `shell: bash`.
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: home,
      env,
      encoding: 'utf8',
    });
    const outputs = Object.fromEntries(
      readFileSync(output, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('=') as [string, string]),
    );
    return { status, stdout, stderr, outputs, summary: readFileSync(summary, 'utf8') };
  }

  it('expands globs, also with spaces and **, and reports findings', () => {
    const { status, stdout, outputs, summary } = runStep({ files: 'captures/**/*.pcap\n' });
    expect(status).toBe(0);
    expect(outputs).toEqual({
      status: '1',
      sarif: join(home, 'temp/portzero.sarif'),
      html: join(home, 'temp/portzero.html'),
    });
    expect(stdout).toMatch(/^::warning file=captures\/refused one\.pcap,/m);
    expect(stdout).toMatch(/^::warning file=captures\/deep\/six\.pcap,/m);
    expect(summary).toContain('refused');
    const sarif = JSON.parse(readFileSync(outputs.sarif!, 'utf8'));
    expect(sarif.runs[0].results).toHaveLength(2);
    expect(readFileSync(outputs.html!, 'utf8')).toMatch(/^<!doctype html>/i);
  });

  it('is green by policy', () => {
    expect(runStep({ files: 'captures', 'fail-on': 'never' }).outputs.status).toBe('0');
    writeFileSync(join(home, 'policy.yaml'), 'failOn: error\n');
    expect(runStep({ files: 'captures', config: 'policy.yaml' }).outputs.status).toBe('0');
  });

  it('passes options on, one a line', () => {
    writeFileSync(join(home, 'my policy.yaml'), 'failOn: error\n');
    const { outputs } = runStep({ files: 'captures', args: '--config\nmy policy.yaml\n' });
    expect(outputs.status).toBe('0');
  });

  it('is status 2 when a pattern matches nothing, a file is missing or the configuration is wrong', () => {
    const nothing = runStep({ files: 'captures/refused*\nnothing/*.pcap' });
    expect(nothing.stdout).toContain('::error::portzero: nothing matches nothing/*.pcap');
    expect(nothing.outputs).toMatchObject({ status: '2', sarif: join(home, 'temp/portzero.sarif') });
    expect(runStep({ files: 'missing.pcap' }).outputs.status).toBe('2');
    writeFileSync(join(home, 'bad.yaml'), 'failon: error\n');
    const bad = runStep({ files: 'captures', config: 'bad.yaml' });
    expect(bad.outputs.status).toBe('2');
    expect(bad.stderr).toContain('failOn');
  });

  it('does not run what a file name says', () => {
    const { outputs } = runStep({ files: 'captures/refused one.pcap; touch pwned\n$(touch pwned)' });
    expect(outputs.status).toBe('2');
    expect(spawnSync('test', ['-e', join(home, 'pwned')]).status).toBe(1);
  });

  it('ends red or green by the status', () => {
    const last = steps.at(-1)!;
    for (const status of [0, 1, 2]) {
      const result = spawnSync('bash', ['-e', '-c', last.run!], { env: { STATUS: String(status) } });
      expect(result.status).toBe(status);
    }
  });
});

/**
 * The steps as GitHub runs those of a composite action: a step runs when its `if` says so, and without one while nothing has
 * failed; with continue-on-error its outcome is failure and its conclusion success. What `uses` names is played by `actions`.
 */
function runAction(
  given: Record<string, string>,
  {
    home,
    path = root,
    actions = {},
    env: more = {},
  }: {
    home: string;
    path?: string;
    actions?: Record<string, 'success' | 'failure'>;
    env?: NodeJS.ProcessEnv;
  },
) {
  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, given[name] ?? input.default ?? '']),
  );
  const results: Record<string, { outputs: Record<string, string>; outcome: string }> = {};
  const ran: { name: string; with: Record<string, string>; outcome: string }[] = [];
  let failed = false;
  let log = '';
  const evaluate = (expression: string): unknown => {
    const script = expression
      .replace(/\b(?:inputs|steps)(?:\.[\w-]+)+/g, (reference) => {
        const [kind, id, field, name] = reference.split('.');
        const step = results[id!];
        return JSON.stringify(
          (kind === 'inputs' ? inputs[id!] : field === 'outcome' ? step?.outcome : step?.outputs[name!]) ?? '',
        );
      })
      .replace(/always\(\)/g, 'true')
      .replace(/!cancelled\(\)/g, 'true');
    if (!/^(?:"(?:[^"\\]|\\.)*"|'[^']*'|true|[!=]=|&&|\|\||\s)+$/.test(script))
      throw new Error(`unexpected: ${script}`);
    return new Function(`return ${script}`)();
  };
  const fill = (text: string) => text.replace(/\$\{\{(.*?)\}\}/g, (_, inner: string) => String(evaluate(inner)));
  for (const step of steps) {
    const wanted = step.if === undefined ? !failed : evaluate(/^\$\{\{(.*)\}\}$/.exec(step.if)![1]!);
    const isFree = step.if !== undefined && /always\(\)|cancelled\(\)/.test(step.if);
    if (wanted !== true || (failed && !isFree)) continue;
    const outputs: Record<string, string> = {};
    let outcome: string = 'success';
    if (step.uses !== undefined) outcome = actions[step.uses] ?? 'success';
    else {
      const output = join(home, 'output');
      const script = join(home, 'step.sh');
      writeFileSync(output, '');
      writeFileSync(script, step.run!);
      const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)]));
      const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
        cwd: home,
        env: {
          PATH: process.env.PATH,
          GITHUB_ACTION_PATH: path,
          GITHUB_OUTPUT: output,
          RUNNER_TEMP: join(home, 'temp'),
          ...more,
          ...env,
        },
        encoding: 'utf8',
      });
      log += stdout + stderr;
      outcome = status === 0 ? 'success' : 'failure';
      for (const line of readFileSync(output, 'utf8').split('\n').filter(Boolean))
        outputs[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
    }
    if (step.id !== undefined) results[step.id] = { outputs, outcome };
    const filled = Object.entries(step.with ?? {}).map(([name, value]) => [name, fill(value)]);
    ran.push({ name: step.name!, with: Object.fromEntries(filled), outcome });
    if (outcome === 'failure' && step['continue-on-error'] !== true) failed = true;
  }
  return { conclusion: failed ? 'failure' : 'success', ran, log, outputs: results.analyze?.outputs ?? {} };
}

describe('all steps together', () => {
  const [SARIF, ARTIFACT] = ['github/codeql-action/upload-sarif@v4', 'actions/upload-artifact@v7'] as const;
  let home: string;
  let counter = 0;
  beforeEach(() => {
    home = join(scratch, `whole-${counter++}`);
    mkdirSync(join(home, 'temp'), { recursive: true });
    cpSync(join(root, 'fixtures/closed/connect-ipv4.pcap'), join(home, 'a.pcap'));
  });

  it.each([
    ['never', 'success'],
    ['warning', 'failure'],
  ])('--fail-on %s is %s, whatever becomes of the uploads', (failOn, conclusion) => {
    for (const actions of [
      {},
      { [SARIF]: 'failure' },
      { [ARTIFACT]: 'failure' },
      { [SARIF]: 'failure', [ARTIFACT]: 'failure' },
    ]) {
      const result = runAction(
        { files: 'a.pcap', 'fail-on': failOn },
        { home, actions: actions as Record<string, 'failure'> },
      );
      expect(result.conclusion).toBe(conclusion);
      expect(result.ran.map(({ name }) => name)).toEqual(steps.map(({ name }) => name));
      expect(result.log.includes('could not be sent to code scanning')).toBe(SARIF in actions);
    }
  });

  it('keeps the report of a run that could not read all, and is red', () => {
    const result = runAction({ files: 'a.pcap\nmissing.pcap' }, { home, actions: { [SARIF]: 'failure' } });
    expect(result.conclusion).toBe('failure');
    expect(result.ran.find(({ name }) => name === 'Keep the HTML report')!.with).toEqual({
      name: 'portzero-report',
      path: join(home, 'temp/portzero.html'),
    });
  });

  it('has the category as an input, and uploads nothing that is not wanted', () => {
    const category = runAction({ files: 'a.pcap', category: 'edge' }, { home }).ran.map((step) => step.with.category);
    expect(category).toContain('edge');
    const none = runAction({ files: 'a.pcap', 'upload-sarif': 'false', 'upload-report': 'false' }, { home });
    expect(none.ran.map(({ name }) => name)).toEqual(['Set up portzero', 'Analyse the captures', 'Red or green']);
  });

  it('takes a baseline', () => {
    const whole = ['--config', 'policy.yaml', '--update-baseline'].join('\n');
    writeFileSync(join(home, 'policy.yaml'), 'baseline: known.txt\n');
    expect(runAction({ files: 'a.pcap', args: whole }, { home }).conclusion).toBe('success');
    expect(runAction({ files: 'a.pcap', baseline: 'known.txt' }, { home }).conclusion).toBe('success');
    expect(runAction({ files: 'a.pcap' }, { home }).conclusion).toBe('failure');
  });

  describe('what it runs', () => {
    /** Notes how npm is called, and makes a package where it is told to install one. */
    const fakeNpm = (fails: boolean) => {
      const bin = join(home, 'bin');
      mkdirSync(bin, { recursive: true });
      const made = '"$RUNNER_TEMP/portzero/node_modules/portzero"';
      writeFileSync(
        join(bin, 'npm'),
        `#!/bin/sh\necho "$*" >>'${join(home, 'npm.log')}'\n${fails ? 'exit 1' : `case "$1" in install) mkdir -p "$RUNNER_TEMP/portzero/node_modules" && ln -s '${root}' ${made};; esac`}\n`,
        { mode: 0o755 },
      );
      return { PATH: `${bin}:${process.env.PATH}` };
    };
    const calls = () =>
      existsSync(join(home, 'npm.log')) ? readFileSync(join(home, 'npm.log'), 'utf8').split('\n').filter(Boolean) : [];
    /** A checkout of the action, with or without what a release has built. The atlas is left out: no run dies of its absence. */
    const checkout = (...parts: string[]) => {
      const path = join(home, 'checkout');
      for (const part of ['bin', 'package.json', 'schema', ...parts])
        cpSync(join(root, part), join(path, part), { recursive: true });
      return path;
    };

    it('is what is there, without npm, where that runs', () => {
      expect(runAction({ files: 'a.pcap' }, { home, env: fakeNpm(true) }).outputs.status).toBe('1');
      expect(calls()).toEqual([]);
    });

    it('is what the tag of a release has, without npm', () => {
      const path = checkout('dist');
      expect(runAction({ files: 'a.pcap' }, { home, path, env: fakeNpm(true) }).outputs.status).toBe('1');
      expect(calls()).toEqual([]);
    });

    it('without dist is the released package, by name and version', () => {
      const path = checkout();
      const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      expect(runAction({ files: 'a.pcap' }, { home, path, env: fakeNpm(false) }).outputs.status).toBe('1');
      expect(calls()).toEqual([
        expect.stringMatching(new RegExp(`^install .*--ignore-scripts.* portzero@${version}$`)),
      ]);
    });

    it('is told when there is nothing to run', () => {
      const result = runAction({ files: 'a.pcap' }, { home, path: checkout(), env: fakeNpm(true) });
      expect(result.conclusion).toBe('failure');
      expect(result.log).toContain('::error::portzero: this is no released version');
      expect(result.ran).toHaveLength(1);
    });
  });
});

describe('examples/gitlab-ci.yml', () => {
  const job = read('examples/gitlab-ci.yml')['port-zero'];

  it('names artifacts that its script makes', () => {
    const home = join(scratch, 'gitlab');
    mkdirSync(join(home, 'captures'), { recursive: true });
    cpSync(join(root, 'fixtures/closed/connect-ipv4.pcap'), join(home, 'captures/one.pcap'));
    const [install, analyze] = job.script as string[];
    expect(install).toMatch(/^npm install --global .*"\$PORTZERO"$/);
    const script = `portzero() { node ${join(root, 'bin/portzero.js')} "$@"; }\n${analyze}`;
    const { status } = spawnSync('bash', ['-e', '-c', script], { cwd: home });
    expect(status).toBe(1);
    for (const path of [job.artifacts.reports.junit, ...job.artifacts.paths]) {
      expect(readFileSync(join(home, path), 'utf8').length).toBeGreaterThan(0);
    }
    expect(job.artifacts.when).toBe('always');
  });
});

describe('examples/github-workflow.yml', () => {
  const workflow = read('examples/github-workflow.yml');

  it('gives the action inputs that it has', () => {
    const uses = workflow.jobs['port-zero'].steps.find((step: Step) => step.uses?.includes('/portzero@'));
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(uses.with)));
  });

  it('has shell that parses', () => {
    for (const { run } of workflow.jobs['port-zero'].steps as Step[]) {
      if (run !== undefined) execFileSync('bash', ['-n', '-c', run]);
    }
  });
});
