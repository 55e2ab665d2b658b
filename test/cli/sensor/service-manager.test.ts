import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { FakeSniff } from '../../support/fake-capturer.ts';
import { describeWith } from '../../support/tools.ts';

const unit = join(import.meta.dirname, '../../../examples/portzero.service');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-systemd-'));
let folder: string;
let number = 0;
let running: FakeSniff | null = null;
let manager: ChildProcess | null = null;

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  mkdirSync(folder);
});
afterEach(() => {
  running?.kill();
  manager?.kill();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Listens as systemd does, and writes each message as a line of JSON; what is passed with it (a barrier) is closed. */
const LISTENER = `
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    message, fds, _, _ = socket.recv_fds(s, 65536, 8)
    for fd in fds: os.close(fd)
    print(json.dumps(message.decode()), flush=True)
`;

async function listen() {
  const socket = join(folder, 'notify');
  let heard = '';
  manager = spawn('/usr/bin/python3', ['-c', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  manager.stdout!.on('data', (chunk) => {
    heard += chunk;
  });
  await expect.poll(() => existsSync(socket) && heard.startsWith('listening')).toBe(true);
  const messages = () =>
    heard
      .split('\n')
      .slice(1, -1)
      .map((line) => JSON.parse(line) as string)
      .filter((message) => !message.startsWith('BARRIER'));
  return { socket, messages };
}

const start = (socket: string, env: Record<string, string>, complaint?: string) => {
  running = new FakeSniff(folder, ['--restart', '--answer-timeout', '100ms'], {
    env: { NOTIFY_SOCKET: socket, ...env },
    ...(complaint === undefined ? {} : { complaint }),
  });
  return running;
};

describeWith(['systemd-notify', 'python3'], 'under systemd', () => {
  it('sniff is ready when it captures, gives signs of life with its counters, and tells that it stops', async () => {
    const { socket, messages } = await listen();
    const sniff = start(socket, { WATCHDOG_USEC: '600000' });
    await expect.poll(messages).toContainEqual(expect.stringMatching(/^READY=1$/m));
    await sniff.connect(3);
    await expect
      .poll(messages)
      .toContainEqual(expect.stringMatching(/^WATCHDOG=1\nSTATUS=6 frames, 0 open exchanges, 3 findings, /));
    expect(messages().filter((it) => it.includes('READY=1'))).toHaveLength(1);
    const first = messages().findIndex((it) => it.includes('READY=1'));
    const before = messages().length;
    await expect.poll(() => messages().length).toBeGreaterThan(before + 3);
    expect(messages().slice(0, first).join()).not.toContain('READY');
    expect(await sniff.interrupt()).toBe(1);
    await expect.poll(messages).toContainEqual(expect.stringMatching(/^STOPPING=1$/m));
  });

  it('sniff --restart is ready when the interface is waited for, and says so', async () => {
    const { socket, messages } = await listen();
    start(socket, {}, 'tcpdump: eth7: No such device exists');
    await expect.poll(messages).toContainEqual(expect.stringMatching(/^READY=1$/m));
    expect(messages()[0]).toContain('STATUS=nothing is captured');
  });

  it.each([
    ['an option', ['--answer-timeout', 'soon'], /--answer-timeout soon/],
    ['a configuration that is not there', ['--config', 'nowhere.yaml'], /nowhere\.yaml: there is no such file/],
    ['a configuration that is wrong', ['--config', 'bad.yaml'], /bad\.yaml:2:3: rules\.nosuch: unknown rule/],
    ['a folder that is not there', ['-o', 'nowhere/eve.json', '-f', 'eve'], /cannot write .*nowhere\/eve\.json/],
    ['an address of others', ['--metrics', '192.0.2.77:9464'], /cannot listen on 192\.0\.2\.77/],
  ])('%s is one line and status 2, which the unit does not start again', async (_, args, said) => {
    const { socket, messages } = await listen();
    writeFileSync(join(folder, 'bad.yaml'), 'rules:\n  nosuch: off\n');
    const options = { cwd: folder, env: { NOTIFY_SOCKET: socket } };
    const { status, stderr } = await runCommand(['sniff', 'lo', '--restart', ...args], options);
    expect(status).toBe(2);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(messages().join()).not.toContain('READY');
    // systemd.service(5): neither Restart= nor --restart makes more of it than that.
    expect(readFileSync(unit, 'utf8')).toMatch(/^Restart=on-failure\nRestartPreventExitStatus=2$/m);
  });
});

it('sniff starts a capturer again that fails, with --restart', async () => {
  running = new FakeSniff(folder, ['--restart', '--answer-timeout', '100ms']);
  const starts = () => running!.stderr.split('sniffing on').length - 1;
  await running.until(() => starts() === 1, 'capturer');
  await running.connect(1);
  const [pid] = execFileSync('ps', ['--ppid', String(running.child.pid), '-o', 'pid=,comm='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.endsWith(' cat'))
    .map((line) => Number(line.trim().split(' ')[0]));
  process.kill(pid!, 'SIGKILL');
  await running.until(({ stderr }) => stderr.includes('was ended by SIGKILL; waiting for it'), 'complaint');
});

describeWith(['systemd-analyze'], 'examples/portzero.service', () => {
  it('is below 2.0 in what systemd-analyze security says of it', () => {
    const said = execFileSync('systemd-analyze', ['security', '--offline=true', '--threshold=19', '--no-pager', unit], {
      encoding: 'utf8',
    });
    expect(said).toMatch(/Overall exposure level for portzero\.service: 1\.\d/);
  });

  it('has nothing that systemd would pass over', () => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it('names options that there are', () => {
    const [, command] = /^ExecStart=((?:.*\\\n)*.*)$/m.exec(readFileSync(unit, 'utf8'))!;
    const help = execFileSync(
      process.execPath,
      [join(import.meta.dirname, '../../../bin/portzero.js'), 'sniff', '--help'],
      {
        encoding: 'utf8',
      },
    );
    const options = command!.match(/--[a-z-]+/g)!;
    expect(options.length).toBeGreaterThan(8);
    for (const option of options) expect(help).toContain(option);
  });
});
