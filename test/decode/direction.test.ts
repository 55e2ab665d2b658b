/** Which way a frame went, and what that says of a checksum that is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  CHECKSUM_OFFLOADED,
  DIRECTION_INBOUND,
  DIRECTION_OUTBOUND,
  DIRECTION_UNKNOWN,
} from '../../src/decode/packet.ts';
import { join, pcapngBlocks } from '../support/capture-builder.ts';
import { runCommand } from '../support/command.ts';
import {
  bytesOf,
  ethernet,
  fragmentIpv4,
  frameOf,
  icmp,
  ipv4,
  ipv6,
  nullLoopback,
  quoted,
  sll,
  tcp,
  udp,
} from '../support/frames.ts';
import { pktap } from '../support/link-wrappings.ts';
import { decodeAll, decodeOne } from './support.ts';

/** A checksum as it is in the segment, which way its frame went, and what it is then. */
const JUDGED = [
  ['good', DIRECTION_UNKNOWN, CHECKSUM_GOOD],
  ['good', DIRECTION_INBOUND, CHECKSUM_GOOD],
  ['good', DIRECTION_OUTBOUND, CHECKSUM_GOOD],
  ['partial', DIRECTION_UNKNOWN, CHECKSUM_OFFLOADED],
  ['partial', DIRECTION_INBOUND, CHECKSUM_BAD],
  ['partial', DIRECTION_OUTBOUND, CHECKSUM_OFFLOADED],
  ['bad', DIRECTION_UNKNOWN, CHECKSUM_BAD],
  ['bad', DIRECTION_INBOUND, CHECKSUM_BAD],
  // Not all drivers leave the sum of the pseudo-header.
  ['bad', DIRECTION_OUTBOUND, CHECKSUM_OFFLOADED],
] as const;

describe('a checksum', () => {
  it.each(JUDGED)('that is %s, of a frame with direction %i', (checksum, direction, judged) => {
    const segment = tcp({ checksum, payload: 'some data' });
    for (const packet of [ipv4({}, segment), ipv6({}, segment), ipv4({}, udp({ checksum, payload: 'x' }))])
      expect(decodeOne(ethernet({}, packet), { direction }).checksum).toBe(judged);
  });

  it.each(JUDGED)('that is %s, where PKTAP says direction %i', (checksum, direction, judged) => {
    const frame = pktap(1, ethernet({}, ipv4({}, tcp({ checksum }))));
    // Flags, little-endian: XNU's PTH_FLAG_DIR_IN 1, PTH_FLAG_DIR_OUT 2.
    frame[36] = direction;
    expect(decodeOne(frame, { linkType: 258 }).checksum).toBe(judged);
  });

  it('that is never finished is no fault on a loopback', () => {
    const segment = tcp({ checksum: 'partial' });
    const local = [
      nullLoopback(2, ipv4({}, segment)),
      ethernet({}, ipv4({ source: '127.0.0.1', destination: '127.0.0.1' }, segment)),
      ethernet({}, ipv6({ source: '::1', destination: '::1' }, segment)),
    ];
    for (const [index, bytes] of local.entries()) {
      const fields = { direction: DIRECTION_INBOUND, linkType: index === 0 ? 0 : 1 };
      expect(decodeOne(bytes, fields).checksum).toBe(CHECKSUM_OFFLOADED);
    }
  });

  it('that is never finished is no fault where Linux received it, maybe of a neighbour on the same machine', () => {
    for (const packetType of [0, 4]) {
      const frame = sll({ packetType }, ipv4({}, tcp({ checksum: 'partial' })));
      expect(decodeOne(frame, { linkType: 113 }).checksum).toBe(CHECKSUM_OFFLOADED);
    }
  });

  // RFC 1122 section 3.2.1.2: a host drops a packet whose header has a wrong sum; cards fill in what the stack left at 0.
  it.each([
    [0x1234, DIRECTION_UNKNOWN, CHECKSUM_BAD],
    [0x1234, DIRECTION_INBOUND, CHECKSUM_BAD],
    [0x1234, DIRECTION_OUTBOUND, CHECKSUM_GOOD],
    [0, DIRECTION_UNKNOWN, CHECKSUM_GOOD],
    [0, DIRECTION_INBOUND, CHECKSUM_BAD],
    [0, DIRECTION_OUTBOUND, CHECKSUM_GOOD],
  ])('that is %i in the IPv4 header, of a frame with direction %i', (headerChecksum, direction, judged) => {
    const error = icmp({ type: 3, code: 13, body: quoted(ipv4({}, tcp({}))) });
    for (const payload of [tcp({ payload: 'some data' }), error])
      for (const fields of [{}, { options: [1, 1, 1, 0] }])
        expect(decodeOne(ethernet({}, ipv4({ headerChecksum, ...fields }, payload)), { direction }).checksum).toBe(
          judged,
        );
  });

  it('of an IPv4 header is not looked at where the card makes the header, or where fragments are put together', () => {
    const whole = tcp({ payload: new Uint8Array(64) });
    expect(decodeOne(ethernet({}, ipv4({ totalLength: 0, headerChecksum: 0x1234 }, whole))).checksum).toBe(
      CHECKSUM_GOOD,
    );
    const parts = fragmentIpv4(ipv4({ id: 5 }, whole), [8]);
    for (const part of parts) part[10]! ^= 0x55;
    const sums = decodeAll(parts.map((part) => frameOf(ethernet({}, part)))).packets.map(({ checksum }) => checksum);
    expect(sums).toContain(CHECKSUM_GOOD);
    expect(sums).not.toContain(CHECKSUM_BAD);
  });

  it('of an ICMP error is made by the stack, whichever way it goes', () => {
    const error = icmp({ type: 3, code: 13, body: quoted(ipv4({}, tcp({}))) });
    const frame = ethernet({}, ipv4({ source: '10.0.0.9' }, error));
    const broken = bytesOf(frame);
    broken[broken.length - 1]! ^= 0xff;
    for (const direction of [DIRECTION_UNKNOWN, DIRECTION_INBOUND, DIRECTION_OUTBOUND]) {
      expect(decodeOne(frame, { direction }).checksum).toBe(CHECKSUM_GOOD);
      expect(decodeOne(broken, { direction }).checksum).toBe(CHECKSUM_BAD);
    }
  });
});

describe('an answer with a wrong checksum', () => {
  const folder = mkdtempSync(joinPath(tmpdir(), 'portzero-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const blocks = pcapngBlocks('little');
  const at = (seconds: number) => BigInt(1_700_000_000 + seconds) * 1_000_000n;
  const CLIENT = '192.0.2.1';
  const SERVER = '198.51.100.7';
  const syn = ethernet(
    {},
    ipv4({ source: CLIENT, destination: SERVER }, tcp({ checksum: 'partial', flags: 'S', sequence: 9 })),
  );
  const synAck = (checksum: 'partial' | 'bad') =>
    ethernet(
      {},
      ipv4(
        { source: SERVER, destination: CLIENT },
        tcp({ sourcePort: 0, destinationPort: 40000, flags: 'SA', sequence: 5, acknowledgment: 10, checksum }),
      ),
    );

  it.each([
    ['was dropped where it came in', 'partial', 1, 'silent', true],
    ['was dropped where it came in', 'bad', 1, 'silent', true],
    ['is as the card was to finish it where it went out', 'partial', 2, 'accepted', false],
    ['is as the card was to finish it where it went out', 'bad', 2, 'accepted', false],
    ['is given the benefit of the doubt', 'partial', 0, 'accepted', false],
    ['was dropped', 'bad', 0, 'silent', true],
  ] as const)('%s (%s, direction %i)', async (_, checksum, direction, verdict, isMalformed) => {
    const flagged = (value: number) => ({ options: [[2, blocks.u32(value)] as const] });
    const path = joinPath(folder, `${checksum}-${direction}.pcapng`);
    const client = direction === 1 ? 2 : direction === 2 ? 1 : 0;
    // A SYN that came in was finished.
    const asked = client === 1 ? syn.slice() : syn;
    if (client === 1)
      asked.set(ethernet({}, ipv4({ source: CLIENT, destination: SERVER }, tcp({ flags: 'S', sequence: 9 }))));
    writeFileSync(
      path,
      join(
        blocks.section(),
        blocks.interface({}),
        blocks.enhanced({ time: at(0), bytes: asked, ...flagged(client) }),
        blocks.enhanced({ time: at(1), bytes: synAck(checksum), ...flagged(direction) }),
        blocks.enhanced({ time: at(100), bytes: ethernet({}, ipv4({}, udp({}))) }),
      ),
    );
    for (const more of [[], ['--jobs', '1'], ['--jobs', '2']]) {
      const { stdout } = await runCommand(['-f', 'json', '--exchanges', 'all', ...more, path]);
      const { exchanges, findings } = JSON.parse(stdout);
      expect(exchanges).toMatchObject([{ verdict }]);
      const rules = findings.map(({ ruleId }: { ruleId: string }) => ruleId);
      expect(rules.includes('malformed-port-zero')).toBe(isMalformed);
      expect(rules.includes('port-zero-accepted')).toBe(verdict === 'accepted');
    }
  });
});
