import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { rules } from '../../src/rules/index.ts';
import { fakeIo } from '../support/io.ts';

async function portzero(args: readonly string[], columns?: number) {
  const io = fakeIo(columns === undefined ? {} : { columns });
  const status = await main(args, io);
  return { status, stdout: io.out(), stderr: io.err() };
}

describe('rules', () => {
  it('lists every rule with its severity', async () => {
    const { status, stdout } = await portzero(['rules']);
    expect(status).toBe(0);
    for (const { meta } of rules) expect(stdout).toMatch(new RegExp(`^${meta.id} +${meta.severity} `, 'm'));
  });

  it.each([70, 100])('keeps within %i columns', async (columns) => {
    const args = [['rules'], ...rules.map(({ meta }) => ['rules', meta.id])];
    for (const words of args) {
      const { stdout } = await portzero([...words, '--no-color'], columns);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('explains one: meaning, action, options, how to set it', async () => {
    const { status, stdout } = await portzero(['rules', 'port-zero-scan']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/What it means\n {2}.*\n[\s\S]*What to do\n[\s\S]*hosts\n[\s\S]*Default: 10/);
    expect(stdout).toContain('port-zero-scan: [warning, { hosts: 10, window: 60s }]');
  });

  it('speaks JSON', async () => {
    expect(JSON.parse((await portzero(['rules', '-f', 'json'])).stdout)).toHaveLength(rules.length + 1);
    expect(JSON.parse((await portzero(['rules', 'udp-port-zero', '-f', 'json'])).stdout).id).toBe('udp-port-zero');
  });

  it('names the nearest rule, or all of them', async () => {
    const near = await portzero(['rules', 'port-zero-scn']);
    expect([near.status, near.stderr]).toEqual([
      2,
      'portzero: there is no rule "port-zero-scn": did you mean port-zero-scan?\n',
    ]);
    expect((await portzero(['rules', 'qqqqqqqqqqqq'])).stderr).toContain('the rules are syn-to-port-zero, ');
  });
});

describe('help and mistakes', () => {
  it('knows every command', async () => {
    const { status, stdout } = await portzero(['--help'], 100);
    expect(status).toBe(0);
    for (const verb of ['analyze', 'sniff', 'probe', 'interfaces', 'rules', 'diff'])
      expect(stdout).toContain(`portzero ${verb}`);
  });

  it.each(['analyze', 'sniff', 'probe', 'interfaces', 'rules', 'diff'])(
    '%s --help has examples and fits',
    async (verb) => {
      const { status, stdout } = await portzero([verb, '--help'], 90);
      expect(status).toBe(0);
      // There is only one way to ask for the interfaces.
      if (verb !== 'interfaces') expect(stdout).toContain('Examples:');
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(90);
    },
  );

  it.each([
    [['a.pcap', '--formt', 'json'], 'unknown argument "formt": did you mean --format? See portzero --help.'],
    [
      ['query', 'nothing'],
      'query takes "who", "accepted", "scans", "losses", "failed", not "nothing". See portzero query --help.',
    ],
    [['rules', '-f', 'xml'], '--format cannot be "xml"; it takes "text", "json". See portzero rules --help.'],
    [['a.pcap', '-r'], '-r needs a value. See portzero --help.'],
    [['rules', 'a', 'b'], 'unknown argument "b". See portzero rules --help.'],
  ])('%j is one line', async (args, message) => {
    const { status, stdout, stderr } = await portzero(args);
    expect([status, stdout, stderr]).toEqual([2, '', `portzero: ${message}\n`]);
  });
});
