import { describe, expect, it } from 'vitest';
import { loadAtlas } from '../../src/atlas/load.ts';
import { knowledgeOf } from '../../src/probe/this-system.ts';

const atlas = loadAtlas();
const of = (platform: string, release: string) => knowledgeOf(platform, release, atlas);

describe('what is known of the system that probes', () => {
  it('is what was measured on its release', () => {
    const { version } = atlas.stacks.find(({ id }) => id === 'linux')!;
    const known = of('linux', `${version}-generic`);
    expect(known).toMatchObject({ evidence: 'measured', ids: ['linux'], measuredRelease: true });
    // As the domain has it: connect() gets ECONNREFUSED, and getpeername() of a connection that stands ENOTCONN.
    expect(known.asks.map(({ says }) => says).join('\n')).toMatch(/ECONNREFUSED.*getpeername\(\): ENOTCONN/s);
    expect(known.answers.map(({ says }) => says)).toEqual(['RST/ACK', 'RST/ACK']);
  });

  it('takes what programs are told from another kernel where its own was not asked that', () => {
    const { version, name } = atlas.stacks.find(({ id }) => id === 'linux-uml')!;
    const known = of('linux', version);
    expect(known).toMatchObject({ ids: ['linux-uml', 'linux'], measuredRelease: true });
    expect(known.stacks[0]).toContain(name);
    expect(known.asks.length).toBeGreaterThan(0);
  });

  it('says so where another release was measured', () => {
    expect(of('linux', '5.4.0')).toMatchObject({ evidence: 'measured', measuredRelease: false });
    expect(of('android', '5.4.0').stacks).toEqual(of('linux', '5.4.0').stacks);
  });

  it.each([
    ['darwin', 'macOS (xnu)', 'EADDRNOTAVAIL'],
    ['freebsd', 'FreeBSD', 'EADDRNOTAVAIL'],
    ['openbsd', 'OpenBSD', 'EADDRNOTAVAIL'],
    ['netbsd', 'NetBSD', 'EADDRNOTAVAIL'],
    ['sunos', 'illumos', 'EADDRNOTAVAIL'],
    ['win32', 'Windows', 'WSAEADDRNOTAVAIL'],
  ])('is by code or documentation for %s', (platform, stack, code) => {
    const known = of(platform, '1.0');
    expect(known.evidence).toBe(platform === 'win32' ? 'documentation' : 'code');
    expect(known).toMatchObject({ stacks: [stack], measuredRelease: null, answers: [] });
    expect(known.asks[0]!.says).toContain(code);
  });

  it('is nothing where the atlas has nothing', () => {
    expect(of('aix', '7.2')).toMatchObject({ evidence: null, ids: [], stacks: [], asks: [], answers: [] });
  });
});
