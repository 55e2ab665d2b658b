import { describe, expect, it } from 'vitest';
import { judge } from '../../src/probe/judge.ts';
import { parseBsdRoute, parseNeighbours } from '../../src/probe/route.ts';

const told = (code: string | null, afterMs = 1) => ({
  result: code === null ? ('timeout' as const) : ('failed' as const),
  code,
  afterMs,
  localPort: 40_000,
});
const route = { interface: 'eth0', gateway: '192.0.2.254', known: true };
const blind = { address: '198.51.100.7', port: 0, route, neighbour: null, wire: null };
const unseen = { ...blind, wire: { interface: 'eth0', exchange: null, redirected: false, drops: 0 } };

describe('judge, by the errno alone', () => {
  // Which ICMP errors become which errno: Linux's icmp_err_convert[] and tab_unreach[].
  it.each([
    ['ECONNREFUSED', ['RST', 'port-unreach']],
    ['EHOSTUNREACH', ['host-unreach', 'admin-prohibited', 'time-exceeded', 'link address']],
    ['ENETUNREACH', ['net-unreach', 'no-route']],
    ['ENOPROTOOPT', ['proto-unreach']],
    ['EACCES', ['reject-route']],
    ['ETIMEDOUT', ['Dropped', 'dropped']],
  ])('%s leaves open who it was', (code, words) => {
    const stopped = judge({ ...blind, told: told(code) });
    expect(stopped).toMatchObject({ where: 'unknown', by: null });
    expect(words.some((word) => stopped.explanation.includes(word))).toBe(true);
    expect(stopped.explanation).toMatch(/cannot tell/);
  });

  it.each(['EADDRNOTAVAIL', 'EPERM', 'EINVAL'])('%s is this machine itself', (code) => {
    expect(judge({ ...blind, told: told(code) }).where).toBe('this-machine');
  });

  it('knows that it was accepted, but not by whom', () => {
    const stopped = judge({ ...blind, told: { result: 'connected', code: null, afterMs: 1, localPort: 1 } });
    expect(stopped).toMatchObject({ where: 'nowhere', by: null });
  });
});

describe('judge, when nothing was sent', () => {
  it('tells a socket call that refuses (macOS) from a packet filter', () => {
    expect(judge({ ...unseen, told: told('EADDRNOTAVAIL') })).toMatchObject({ where: 'this-machine' });
    expect(judge({ ...unseen, told: told('EADDRNOTAVAIL') }).explanation).toContain('connect() itself');
    expect(judge({ ...unseen, told: told('ECONNREFUSED') }).explanation).toContain('packet filter of this machine');
    expect(judge({ ...unseen, told: told(null, 5000) }).explanation).toContain('drops it');
  });

  it('names the gateway that does not answer for its link address', () => {
    const stopped = judge({ ...unseen, told: told('EHOSTUNREACH', 3070) });
    expect(stopped.where).toBe('nobody');
    expect(stopped.explanation).toContain('192.0.2.254');
  });

  it('knows a link address that is still asked for from a packet filter', () => {
    const given = { ...unseen, told: told(null, 1000) };
    expect(judge({ ...given, neighbour: 'unanswered' })).toMatchObject({ where: 'nobody', by: null });
    expect(judge({ ...given, neighbour: 'unanswered' }).explanation).toContain('link address of 192.0.2.254');
    // A filter on the way out stands before the question for the link address.
    for (const neighbour of ['answered', 'not-asked'] as const) {
      expect(judge({ ...given, neighbour })).toMatchObject({ where: 'this-machine' });
      expect(judge({ ...given, neighbour }).explanation).toContain('drops it');
    }
    expect(judge(given)).toMatchObject({ where: 'unknown' });
    // Linux has given the question up by then, and would have said so.
    expect(judge({ ...unseen, told: told(null, 5000) })).toMatchObject({ where: 'this-machine' });
  });

  it('does not deny a route that is there', () => {
    const [known, unknown] = [route, { ...route, known: false }].map(
      (it) => judge({ ...unseen, route: it, told: told('EHOSTUNREACH') }).explanation,
    );
    expect(known).toContain('a packet filter of this machine rejected it');
    expect(known).not.toContain('no route');
    expect(unknown).toContain('no route that lets it pass, or a packet filter');
  });

  it('is not certain where the capture lost frames', () => {
    const lossy = { ...unseen, wire: { ...unseen.wire, drops: 7 } };
    expect(judge({ ...lossy, told: told(null, 5000) }).explanation).toContain('lost 7 frames');
  });
});

describe('parseNeighbours', () => {
  // What `ip -j neigh show dev eth0` of iproute2 6.1 prints.
  const text = `[{"dst":"192.0.2.77","state":["INCOMPLETE"]},{"dst":"192.0.2.78","state":["FAILED"]},
    {"dst":"192.0.2.2","lladdr":"02:00:00:00:00:02","state":["STALE"]},
    {"dst":"2001:db8::2","lladdr":"02:00:00:00:00:02","router":null,"state":["REACHABLE"]}]`;

  it('tells who has answered for a link address', () => {
    const stateOf = parseNeighbours(text)!;
    const addresses = ['192.0.2.77', '192.0.2.78', '192.0.2.2', '2001:db8::2', '192.0.2.9'];
    expect(addresses.map(stateOf)).toEqual(['unanswered', 'unanswered', 'answered', 'answered', 'not-asked']);
  });

  it('knows nothing where nothing was printed', () => {
    expect(parseNeighbours('')).toBeNull();
  });
});

describe('parseBsdRoute', () => {
  it("reads macOS's route -n get", () => {
    const text = [
      '   route to: 198.51.100.7',
      'destination: default',
      '       mask: default',
      '    gateway: 192.0.2.254',
      '  interface: en0',
      '      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>',
    ].join('\n');
    expect(parseBsdRoute(text)).toEqual({ interface: 'en0', gateway: '192.0.2.254', known: true });
  });

  it('finds nothing where there is no route', () => {
    expect(parseBsdRoute('route: writing to routing socket: not in table')).toBeNull();
  });
});
