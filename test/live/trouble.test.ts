import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BACKENDS } from '../../src/capture/live/capturers.ts';
import { connect, interrupt, portzero, readNdjson, startSniff, untilSettled, WITHOUT_RIGHTS } from '../support/live.ts';
import { Lab } from '../support/netns.ts';
import { describeWith } from '../support/tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'portzero-trouble-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let lab: Lab;

/** The lines of standard error that are complaints: not those that tell what is going on. */
const complaints = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !/sniffing on| frames?\. | kept in /.test(line));

describeWith(['root', 'ip', 'tcpdump', 'dumpcap'], 'sniff in trouble', () => {
  beforeEach(() => {
    lab = Lab.pair();
  });
  afterEach(() => lab.remove());

  describe.each(BACKENDS)('with %s', (backend) => {
    it.each([
      ['goes down', ['link', 'set', 'cl0', 'down'], 'portzero: cl0 went down'],
      ['is deleted', ['link', 'del', 'cl0'], 'portzero: cl0 was removed'],
    ])('tells what it saw when the interface %s', async (_what, command, complaint) => {
      const { client, server } = lab;
      const args = [client.interface, '--backend', backend, '-f', 'ndjson', '--answer-timeout', '1s'];
      const sniff = await startSniff(lab, client, ...args);
      connect(lab, client, server.ipv4);
      await untilSettled(sniff, 1);
      lab.ip(client, ...command);
      expect(await sniff.ended).toBe(2);
      const { exchanges, input } = readNdjson(sniff.stdout);
      expect(exchanges).toMatchObject([{ verdict: 'refused' }]);
      expect(input.complete).toBe(false);
      expect(input.problems.map(({ code }) => code)).toEqual(['interface-gone']);
      expect(complaints(sniff.stderr)).toEqual([complaint]);
    });

    it('goes on after --restart when the interface returns, and reports the gap', async () => {
      const { client, server } = lab;
      const args = [client.interface, '--backend', backend, '--restart', '-f', 'ndjson', '--answer-timeout', '1s'];
      const before = Date.now();
      const sniff = await startSniff(lab, client, ...args);
      connect(lab, client, server.ipv4);
      await untilSettled(sniff, 1);
      lab.ip(client, 'link', 'set', 'cl0', 'down');
      const down = Date.now();
      await sniff.until(({ stderr }) => stderr.includes('waiting'), 'the wait');
      const up = Date.now();
      lab.ip(client, 'link', 'set', 'cl0', 'up');
      await sniff.until(({ stderr }) => stderr.split('sniffing on').length === 3, 'the return');
      connect(lab, client, server.ipv4);
      await untilSettled(sniff, 2);
      expect(await interrupt(sniff)).toBe(2);
      const { exchanges, input } = readNdjson(sniff.stdout);
      expect(exchanges.map(({ verdict }) => verdict)).toEqual(['refused', 'refused']);
      // Numbers run on: no frame is counted twice.
      expect(new Set(exchanges.flatMap(({ frames }) => frames.all)).size).toBe(4);
      expect(input.problems).toMatchObject([{ code: 'capture-gap' }]);
      const gap = /^cl0 went down: nothing was captured from (20\S+Z) to (20\S+Z)$/.exec(input.problems[0]!.message);
      const [since, until] = [Date.parse(gap![1]!), Date.parse(gap![2]!)];
      // Never shorter than it was. How much longer depends on when the interface was looked at.
      expect(since).toBeLessThanOrEqual(down);
      expect(since).toBeGreaterThan(before);
      expect(until).toBeGreaterThan(up);
    });

    it('is ended with one line by a wrong interface or filter', () => {
      const { client } = lab;
      const attempt = (...args: string[]) =>
        lab.run(client, portzero('sniff', '--backend', backend, '-f', 'ndjson', ...args));
      const missing = attempt('nosuch0');
      expect(missing.status).toBe(2);
      expect(complaints(missing.stderr)).toEqual(['portzero: nosuch0 is no interface of this machine']);
      lab.ip(client, 'link', 'set', 'lo', 'down');
      const down = attempt('lo');
      expect(down.status).toBe(2);
      expect(complaints(down.stderr)).toEqual(['portzero: lo is down']);
      const filtered = attempt('cl0', '--filter', 'tcp prt 0');
      expect(filtered.status).toBe(2);
      expect(complaints(filtered.stderr)).toHaveLength(1);
      expect(filtered.stderr).toMatch(
        /^portzero: cl0 cannot be filtered by "tcp prt 0": can't parse filter expression/,
      );
      for (const { stdout } of [missing, down, filtered]) expect(readNdjson(stdout).summary.frames).toBe(0);
    });

    it('names the missing capability and the two ways to get it', () => {
      const args = ['sniff', 'cl0', '--backend', backend, '-f', 'ndjson'];
      const { status, stdout, stderr } = lab.run(lab.client, [...WITHOUT_RIGHTS, ...portzero(...args)]);
      expect(status).toBe(2);
      expect(complaints(stderr)).toHaveLength(1);
      expect(stderr).toContain('CAP_NET_RAW');
      expect(stderr).toContain('setcap');
      expect(stderr).toContain('tcpdump -i cl0 -U -w - | portzero analyze - --follow');
      expect(readNdjson(stdout).input.problems).toMatchObject([{ code: 'no-permission' }]);
    });
  });

  it('tries the next capturer where one may not, and says so', async () => {
    // A dumpcap that has the capability, as a distribution's package sets it up for a group.
    const own = join(folder, 'bin');
    lab.run(lab.client, ['mkdir', '-p', own]);
    for (const path of [folder, own]) chmodSync(path, 0o755);
    copyFileSync('/usr/bin/dumpcap', join(own, 'dumpcap'));
    expect(lab.run(lab.client, ['setcap', 'cap_net_raw+ep', join(own, 'dumpcap')]).status).toBe(0);
    const env = { ...process.env, PATH: `${own}:${process.env.PATH}` };
    const sniff = lab.start(lab.client, [...WITHOUT_RIGHTS, ...portzero('sniff', 'cl0', '-f', 'ndjson')], env);
    await sniff.until(({ stderr }) => stderr.includes('sniffing on cl0 (EN10MB) with dumpcap'), 'dumpcap');
    expect(sniff.stderr).toMatch(/^portzero: tcpdump may not capture on cl0; trying dumpcap\n/);
    connect(lab, lab.client, lab.server.ipv4);
    await sniff.until(({ stdout }) => stdout.includes('syn-to-port-zero'));
    expect(await interrupt(sniff)).toBe(1);
  });

  it('says once what to do where none may capture', () => {
    const { status, stdout, stderr } = lab.run(lab.client, [...WITHOUT_RIGHTS, ...portzero('sniff', 'cl0')]);
    expect(status).toBe(2);
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      'portzero: tcpdump may not capture on cl0; trying dumpcap',
      'portzero: dumpcap may not capture on cl0; trying cap',
    ]);
    expect(stderr.match(/setcap/g)).toHaveLength(1);
    expect(stdout).toContain('CAP_NET_RAW');
    expect(stdout).not.toContain('setcap');
  });

  it('waits with --restart for an interface that is not there, or not up', async () => {
    const { client, server } = lab;
    const sniff = lab.start(client, portzero('sniff', 'new0', '--restart', '-f', 'ndjson'));
    await sniff.until(
      ({ stderr }) => stderr.includes('new0 is no interface of this machine; waiting for it'),
      'the wait',
    );
    lab.ip(client, 'link', 'set', client.interface, 'down');
    lab.ip(client, 'link', 'set', client.interface, 'name', 'new0');
    await new Promise((resolve) => setTimeout(resolve, 600));
    lab.ip(client, 'link', 'set', 'new0', 'up');
    await sniff.until(({ stderr }) => stderr.includes('sniffing on new0'), 'sniffing');
    connect(lab, client, server.ipv4);
    await sniff.until(({ stdout }) => stdout.includes('syn-to-port-zero'));
    expect(await interrupt(sniff)).toBe(2);
    expect(readNdjson(sniff.stdout).input.problems).toMatchObject([{ code: 'capture-gap' }]);
    // Ended while it waits, it has nothing to show but that.
    const never = lab.start(client, portzero('sniff', 'nosuch0', '--restart', '-f', 'ndjson'));
    await never.until(({ stderr }) => stderr.includes('waiting for it'), 'the wait');
    expect(await interrupt(never)).toBe(2);
    expect(readNdjson(never.stdout).input.problems).toMatchObject([{ code: 'no-interface' }]);
  });

  it('names a capturer that is not installed', () => {
    const env = ['env', `PATH=${folder}`];
    const { status, stderr } = lab.run(lab.client, [...env, ...portzero('sniff', 'cl0', '--backend', 'dumpcap')]);
    expect(status).toBe(2);
    expect(complaints(stderr)).toHaveLength(1);
    expect(stderr).toMatch(/^portzero: dumpcap is not installed/);
  });

  it.each(BACKENDS)('leaves no process behind when it is killed (%s)', async (backend) => {
    const sniff = await startSniff(lab, lab.client, 'cl0', '--backend', backend);
    const children = readFileSync(`/proc/${sniff.child.pid}/task/${sniff.child.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    expect(children.length).toBeGreaterThan(0);
    sniff.child.kill('SIGKILL');
    await sniff.ended;
    // Not a frame is on the wire by which a capturer could notice.
    lab.ip(lab.server, 'link', 'set', 'sv0', 'down');
    const isThere = () => children.some((child) => lab.run(lab.client, ['kill', '-0', child]).status === 0);
    for (let turn = 0; turn < 1200 && isThere(); turn++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isThere()).toBe(false);
  });

  it('ends quietly when whoever reads it has gone', async () => {
    const command = `${portzero('sniff', 'cl0', '-f', 'ndjson', '-q').join(' ')} | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const pipe = lab.start(lab.client, ['bash', '-c', command]);
    while (!pipe.stdout.includes('"type"')) {
      connect(lab, lab.client, lab.server.ipv4);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    while (pipe.stdout.split('\n').length < 3) {
      connect(lab, lab.client, lab.server.ipv4);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await pipe.ended;
    expect(pipe.stderr).toBe('');
  });
});
