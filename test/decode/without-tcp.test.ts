import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import {
  etherTypeReason,
  ipProtocolReason,
  llcReason,
  OUI_CISCO,
  OUI_EXTREME,
  pppReason,
  snapReason,
} from '../../src/decode/reasons.ts';
import { withoutTcp } from '../../src/decode/without-tcp.ts';
import { describeWith } from '../support/tools.ts';

it('says of each where it is written what it carries', () => {
  for (const { what, source } of withoutTcp()) {
    expect(what).not.toBe('');
    expect(source).toMatch(/RFC \d|IEEE|IEC|ISO|INCITS|MEF|Linux, |Microsoft|Cisco|AMD|DEC|https:/);
  }
});

/** How Wireshark names a number where it shares no word with ours; or that it has no name for it, and who has. */
const OTHERWISE = new Map([
  [etherTypeReason(0x22f4), 'Intermediate System to Intermediate System'],
  [etherTypeReason(0x6001), 'DEC DNA Dump/Load'],
  [etherTypeReason(0x80f3), 'AARP'],
  [etherTypeReason(0x888e), '802.1X Authentication'],
  [etherTypeReason(0x88e3), 'MRP'],
  // IEEE 802.1Q table 10-1 and §43, Linux's if_ether.h: newer than Debian's Wireshark, or no Ethernet.
  [etherTypeReason(0x88f5), null],
  [etherTypeReason(0x8940), null],
  [etherTypeReason(0x000c), null],
  [etherTypeReason(0x000d), null],
  // Cisco's CGMP on Ethernet, NHRP in GRE (Wireshark: gre.proto); neither carries packets.
  [etherTypeReason(0x2001), 'Cisco Group Management Protocol'],
  [etherTypeReason(0x88f6), '802.1ak Multiple Mac Registration Protocol'],
  [etherTypeReason(0x8902), 'IEEE 802.1ag Connectivity Fault Management (CFM) protocol'],
  [etherTypeReason(0x890d), 'IEEE 802.11 data encapsulation'],
  [ipProtocolReason(33), 'Datagram Congestion Control Protocol'],
  [ipProtocolReason(46), 'Reservation Protocol'],
  [ipProtocolReason(54), 'NBMA ARP'],
  [llcReason(0xf4), 'IBM Net Management'],
]);

describeWith(['tshark'], 'Wireshark has names', () => {
  const names = new Map<string, Map<number, string>>();
  const nameOf = (field: string, number: number): string | undefined => {
    if (names.size === 0) {
      const listed = execFileSync('tshark', ['-G', 'values'], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      for (const line of listed.split('\n')) {
        const [kind, of = '', value, name = ''] = line.split('\t');
        if (kind !== 'V') continue;
        if (!names.has(of)) names.set(of, new Map());
        names.get(of)!.set(Number(value), name);
      }
    }
    return names.get(field)?.get(number);
  };
  const words = (text: string) => text.toLowerCase().match(/[a-z0-9]{3,}/g) ?? [];

  const families: [string, (number: number) => number, number][] = [
    ['eth.type', etherTypeReason, 0x10000],
    ['ip.proto', ipProtocolReason, 256],
    ['llc.dsap', llcReason, 256],
    ['ppp.protocol', pppReason, 0x8000],
    ['llc.cisco_pid', (pid) => snapReason(OUI_CISCO, pid), 0x10000],
    ['llc.extreme_pid', (pid) => snapReason(OUI_EXTREME, pid), 0x10000],
  ];

  it.each(families)('for every number that is known to hold none: %s', (field, reasonOf, count) => {
    const known = new Map(
      withoutTcp()
        .filter(({ first, last }) => first === last)
        .map((entry) => [entry.first, entry.what]),
    );
    let held = 0;
    for (let number = 0; number < count; number++) {
      const reason = reasonOf(number);
      const what = known.get(reason);
      if (what === undefined) continue;
      held++;
      const name = nameOf(field, number);
      if (OTHERWISE.has(reason)) {
        if (OTHERWISE.get(reason) !== null) expect(name).toBe(OTHERWISE.get(reason));
        continue;
      }
      expect(
        words(name ?? '').some((word) =>
          words(what).some((ours) => ours.startsWith(word.slice(0, 6)) || word.startsWith(ours)),
        ),
        `${what}: ${name}`,
      ).toBe(true);
    }
    expect(held).toBeGreaterThan(0);
  });
});
