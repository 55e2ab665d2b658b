import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { BACKENDS } from '../../src/capture/live/capturers.ts';
import type { ProbeResult } from '../../src/probe/probe.ts';
import { portzero, WITHOUT_RIGHTS } from '../support/live.ts';
import { type Host, Lab, type RunResult } from '../support/netns.ts';
import { describeWith } from '../support/tools.ts';

let lab: Lab;
afterEach(() => lab.remove());

interface Answer extends RunResult {
  readonly probes: readonly ProbeResult[];
}

function probe(host: Host, ...args: readonly string[]): Answer {
  const result = lab.run(host, portzero('probe', '-f', 'json', '--timeout', '1500ms', ...args));
  return { ...result, probes: result.stdout === '' ? [] : JSON.parse(result.stdout).probes };
}

/** What the program was told, what was on the wire, where it was stopped and by whom. */
const inShort = ({ told, wire, stopped }: ProbeResult) => [
  told?.code ?? told?.result,
  wire?.exchange?.verdict ?? null,
  stopped?.where,
  stopped?.by,
];

describeWith(['root', 'ip', 'nft', 'tcpdump', 'dumpcap'], 'probe', () => {
  it.each(BACKENDS)('finds the host that refuses, drops, rejects, accepts (%s)', async (backend) => {
    lab = Lab.pair();
    const { client, server } = lab;
    const hosts = ['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'];
    for (const address of hosts.slice(1)) lab.ip(server, 'addr', 'add', `${address}/24`, 'dev', server.interface);
    lab.nft(
      server,
      [
        'filter input',
        'ip daddr 192.0.2.3 tcp dport 0 drop\n ip daddr 192.0.2.4 tcp dport 0 reject with icmp port-unreachable',
      ],
      ['nat prerouting', 'ip daddr 192.0.2.5 tcp dport 0 redirect to :8080'],
    );
    await lab.listen(server, 8080);
    const { status, probes, stderr } = probe(client, '--backend', backend, ...hosts, server.ipv6);
    expect(stderr).toBe('');
    expect(probes.map(inShort)).toEqual([
      ['ECONNREFUSED', 'refused', 'target', '192.0.2.2'],
      ['timeout', 'silent', 'nobody', null],
      ['ECONNREFUSED', 'unreachable', 'target', '192.0.2.4'],
      ['connected', 'accepted', 'nowhere', '192.0.2.5'],
      ['ECONNREFUSED', 'refused', 'target', '2001:db8::2'],
    ]);
    expect(probes[2]!.stopped!.explanation).toContain('packet filter on the target');
    // Somebody accepts: that is a finding; that it was asked is none.
    expect(status).toBe(1);
    expect(probes.flatMap(({ findings }) => findings.map(({ ruleId }) => ruleId))).toContain('port-zero-accepted');
    expect(probes.flatMap(({ findings }) => findings.map(({ ruleId }) => ruleId))).not.toContain('syn-to-port-zero');
    // Each was asked once: one SYN but where there was no answer, which Linux sends again after 1 s, 2 s …
    const again = probes.map(({ wire }) => wire!.exchange!.retransmissions);
    expect(again).toEqual([0, expect.any(Number), 0, 0, 0]);
    expect(again[1]).toBeGreaterThan(0);
  });

  it('fails by what is new only, where there is a baseline', async () => {
    lab = Lab.pair();
    const { client, server } = lab;
    lab.nft(server, ['nat prerouting', 'tcp dport 0 redirect to :8080']);
    await lab.listen(server, 8080);
    const file = join(mkdtempSync(join(tmpdir(), 'portzero-probe-')), 'known');
    // What listens there greets.
    const rules = ['port-zero-accepted', 'port-zero-data'];
    const entries = rules.map((rule) => `${rule} ${client.ipv4} -> ${server.ipv4}:0 since 2026-11-26: by design\n`);
    writeFileSync(file, `# portzero baseline 1\n${entries.join('')}`);
    expect(probe(client, server.ipv4).status).toBe(1);
    const { status, probes } = probe(client, '--baseline', file, server.ipv4);
    expect(probes[0]!.findings.map(({ ruleId, known }) => [ruleId, known])).toEqual(
      rules.map((rule) => [rule, { since: '2026-11-26', why: 'by design' }]),
    );
    expect(status).toBe(0);
    const text = lab.run(client, portzero('probe', '--baseline', file, server.ipv4));
    expect(text.stdout.replaceAll(/\s+/g, ' ')).toContain('known since 2026-11-26: by design; port-zero-accepted: ');
    expect(text.status).toBe(0);
    // Another host is new.
    expect(probe(client, '--baseline', file, server.ipv6).status).toBe(1);
  });

  it.each(BACKENDS)('tells the target from a router that speaks in its name (%s)', (backend) => {
    lab = Lab.routed();
    const { client, server } = lab;
    const router = lab.router!;
    const ask = (...hosts: string[]) => probe(client, '--backend', backend, ...hosts).probes.map(inShort);
    expect(ask(server.ipv4, server.ipv6)).toEqual([
      ['ECONNREFUSED', 'refused', 'target', server.ipv4],
      ['ECONNREFUSED', 'refused', 'target', server.ipv6],
    ]);
    lab.nft(router, ['filter forward', 'tcp dport 0 reject with icmpx admin-prohibited']);
    expect(ask(server.ipv4)).toEqual([['EHOSTUNREACH', 'unreachable', 'on-the-way', router.ipv4]]);
    lab.nft(router, ['filter forward', 'tcp dport 0 reject with tcp reset']);
    expect(ask(server.ipv4)).toEqual([['ECONNREFUSED', 'refused', 'on-the-way', null]]);
    lab.nft(router, ['filter forward', 'tcp dport 0 drop']);
    expect(ask(server.ipv4)).toEqual([['timeout', 'silent', 'nobody', null]]);
  });

  it('finds what this machine itself stops', () => {
    lab = Lab.pair();
    const { client, server } = lab;
    lab.ip(client, 'route', 'add', 'prohibit', '203.0.113.0/25');
    lab.nft(client, [
      'filter output',
      `ip daddr ${server.ipv4} tcp dport 0 drop\n ip6 daddr ${server.ipv6} tcp dport 0 reject`,
    ]);
    const { status, probes } = probe(client, server.ipv4, server.ipv6, '203.0.113.1', '203.0.113.200');
    expect(probes.map(inShort)).toEqual([
      ['timeout', null, 'this-machine', null],
      ['ECONNREFUSED', null, 'this-machine', null],
      ['EACCES', null, 'this-machine', null],
      ['ENETUNREACH', null, 'this-machine', null],
    ]);
    expect(status).toBe(0);
  });

  it('tells before the link address is given up that nobody answers for it', () => {
    lab = Lab.pair();
    const { probes } = probe(lab.client, '--timeout', '1s', '192.0.2.77', '2001:db8::77');
    expect(probes.map(inShort)).toEqual([
      ['timeout', null, 'nobody', null],
      ['timeout', null, 'nobody', null],
    ]);
    for (const { stopped } of probes) expect(stopped!.explanation).toContain('link address');
  });

  it('tells a filter of this machine that rejects from a missing route', () => {
    lab = Lab.pair();
    const { client, server } = lab;
    lab.nft(client, ['filter output', 'tcp dport 0 reject with icmpx admin-prohibited']);
    const { probes } = probe(client, server.ipv4);
    expect(probes.map(inShort)).toEqual([['EHOSTUNREACH', null, 'this-machine', null]]);
    expect(probes[0]!.stopped!.explanation).toContain('packet filter of this machine rejected it');
  });

  it('asks each address once, however often and by whatever name it is given', async () => {
    lab = Lab.pair();
    const { client, server } = lab;
    const tcpdump = ['tcpdump', '-n', '-l', '--immediate-mode', '-i', server.interface, 'tcp'];
    const wire = lab.start(server, tcpdump);
    await wire.until(({ stderr }) => stderr.includes('listening on'), 'tcpdump');
    const { probes, stderr } = probe(client, server.ipv4, `::ffff:${server.ipv4}`, server.ipv6, '2001:DB8:0:0::2');
    expect(stderr).toBe('');
    expect(probes.map(({ host }) => host)).toEqual([
      server.ipv4,
      `::ffff:${server.ipv4}`,
      server.ipv6,
      '2001:DB8:0:0::2',
    ]);
    const [four, six] = [server.ipv4, server.ipv6].map((by) => ['ECONNREFUSED', 'refused', 'target', by]);
    expect(probes.map(inShort)).toEqual([four, four, six, six]);
    await wire.until(({ stdout }) => stdout.split('Flags [S]').length > 2, 'two SYNs');
    // A third one would have been sent by now.
    await new Promise((resolve) => setTimeout(resolve, 300));
    wire.child.kill('SIGINT');
    await wire.ended;
    expect(wire.stdout.match(/Flags \[S\]/g)).toHaveLength(2);
  });

  it('asks many hosts at once, without a word of Node, each with its own time', () => {
    lab = Lab.pair();
    const { client, server } = lab;
    const hosts = Array.from({ length: 30 }, (_, index) => `192.0.2.${100 + index}`);
    for (const address of hosts) lab.ip(server, 'addr', 'add', `${address}/24`, 'dev', server.interface);
    // tcpdump has the kernel stamp the frames; cap's times are those of delivery.
    const { status, probes, stderr } = probe(client, '--backend', 'tcpdump', ...hosts);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(probes.map(inShort)).toEqual(hosts.map((host) => ['ECONNREFUSED', 'refused', 'target', host]));
    // The wire says when the answer was there; how much later Node tells it is for the machine to say.
    for (const { told, wire } of probes) expect(told!.afterMs).toBeGreaterThan(wire!.exchange!.latencyMs! - 0.5);
  });

  it('finds that nobody is there, on the link and behind a router', () => {
    lab = Lab.routed();
    const { client } = lab;
    const { probes } = probe(client, '--timeout', '6s', '192.0.2.77', '198.51.100.77');
    expect(probes.map(inShort)).toEqual([
      ['EHOSTUNREACH', null, 'nobody', null],
      ['EHOSTUNREACH', 'unreachable', 'on-the-way', '192.0.2.254'],
    ]);
    expect(probes[1]!.stopped!.explanation).toContain('down or not there');
  });

  it('finds a redirect of this machine', async () => {
    lab = Lab.pair();
    const { server } = lab;
    await lab.listen(server, 8080);
    lab.nft(server, ['nat output', 'tcp dport 0 redirect to :8080']);
    const { probes } = probe(server, server.ipv4);
    expect(inShort(probes[0]!)).toEqual(['connected', expect.anything(), 'nowhere', '127.0.0.1']);
    expect(probes[0]!.wire!.redirected).toBe(true);
    expect(probes[0]!.stopped!.explanation).toContain('127.0.0.1:8080');
  });

  it('asks another port, one family, and names what it cannot resolve', async () => {
    lab = Lab.pair();
    const { client, server } = lab;
    await lab.listen(server, 8080);
    const open = probe(client, '--port', '8080', server.ipv4);
    expect(open.status).toBe(0);
    expect(inShort(open.probes[0]!)).toEqual(['connected', 'accepted', 'nowhere', server.ipv4]);
    const local = probe(client, '-6', '[::1]', '127.0.0.1');
    expect(local.status).toBe(2);
    expect(local.probes).toMatchObject([
      { address: '::1', route: { interface: 'lo', gateway: null } },
      { address: null },
    ]);
    const mixed = probe(client, 'nothing.invalid', server.ipv4);
    expect(mixed.status).toBe(2);
    expect(mixed.probes).toMatchObject([
      { address: null, told: null },
      { address: server.ipv4, told: { code: 'ECONNREFUSED' } },
    ]);
    expect(mixed.probes[0]!.error).not.toBeNull();
  });

  it('says without capture rights what the errno alone tells', () => {
    lab = Lab.pair();
    const { client, server } = lab;
    const asked = portzero('probe', server.ipv4, server.ipv6);
    const { status, stdout, stderr } = lab.run(client, [...WITHOUT_RIGHTS, ...asked]);
    expect(status).toBe(2);
    expect(stdout).toContain('connect() failed with ECONNREFUSED');
    expect(stdout).toContain('CAP_NET_RAW');
    // The remedy once, not host by host.
    expect(stderr.match(/setcap/g)).toHaveLength(1);
    expect(stdout.replace(/\s+/g, ' ')).toContain('The errno cannot tell which, nor who.');
  });

  it('prints for a person what happened on both sides', () => {
    lab = Lab.pair();
    const { client, server } = lab;
    const { status, stdout } = lab.run(client, portzero('probe', server.ipv4));
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^192\.0\.2\.2:0, over cl0\n {2}program {5}connect\(\) failed with ECONNREFUSED\n {2}wire {8}192\.0\.2\.1:\d+ > 192\.0\.2\.2:0 SYN: refused by 192\.0\.2\.2 after\s+[\d.]+\s+ms/,
    );
    expect(stdout).toContain("The target's TCP refused (RST,ACK, TTL 64, no router passed).");
  });
});
