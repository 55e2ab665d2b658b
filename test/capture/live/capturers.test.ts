import { describe, expect, it } from 'vitest';
import { CAPTURERS, classifyFailure } from '../../../src/capture/live/capturers.ts';

const settings = { interface: 'eth0', filter: 'tcp port 0', snapLength: 256, bufferBytes: 32 * 1024 * 1024 };

describe('the capturers', () => {
  it('get interface, filter, snap length and buffer size', () => {
    const { args: dumpcap } = CAPTURERS.dumpcap.command(settings);
    expect(dumpcap.join(' ')).toBe('-q -P -w - -i eth0 -s 256 -B 32 -f tcp port 0');
    const { args: tcpdump } = CAPTURERS.tcpdump.command(settings);
    expect(tcpdump.join(' ')).toBe(
      '-n -U -w - -i eth0 -s 256 --immediate-mode -B 32768 --time-stamp-precision nano -- tcp port 0',
    );
    const { file, args } = CAPTURERS.cap.command(settings);
    expect(file).toBe(process.execPath);
    expect(JSON.parse(args[1]!)).toEqual(settings);
  });

  it('have a ring of whole frames close together, which tcpdump has not in immediate mode', () => {
    const { tcpdump } = CAPTURERS;
    const isImmediate = (snapLength: number, mebibytes: number) =>
      tcpdump
        .command({ ...settings, snapLength, bufferBytes: mebibytes * 1024 * 1024 })
        .args.includes('--immediate-mode');
    expect([isImmediate(256, 64), isImmediate(1600, 64)]).toEqual([true, true]);
    // 1,023 slots.
    expect(isImmediate(65_535, 64)).toBe(false);
    expect(isImmediate(65_535, 2000)).toBe(true);
    // What waits for a block to be full is late, and the end has to wait for it.
    expect(tcpdump.delayMillis({ snapLength: 65_535, bufferBytes: tcpdump.bufferBytes })).toBe(1000);
    expect(tcpdump.delayMillis({ snapLength: 256, bufferBytes: tcpdump.bufferBytes })).toBe(1);
  });

  it('get no empty filter, and none that would be read as an option', () => {
    expect(CAPTURERS.dumpcap.command({ ...settings, filter: '' }).args).not.toContain('-f');
    expect(CAPTURERS.tcpdump.command({ ...settings, filter: '' }).args.at(-1)).toBe('--');
    expect(CAPTURERS.tcpdump.command({ ...settings, filter: '-w /tmp/x' }).args.slice(-2)).toEqual(['--', '-w /tmp/x']);
  });

  it('say what was dropped', () => {
    expect(CAPTURERS.tcpdump.parseDrops('8540 packets dropped by kernel')).toBe(8540);
    expect(CAPTURERS.tcpdump.parseDrops('1 packet dropped by kernel')).toBe(1);
    // What SIGUSR1 makes tcpdump 4.99 print.
    const line = 'tcpdump: 7 packets captured, 9 packets received by filter, 2 packets dropped by kernel';
    expect(CAPTURERS.tcpdump.parseDrops(line)).toBe(2);
    const end =
      "Packets received/dropped on interface 'cl0': 136110/63890 (pcap:0/dumpcap:63890/flushed:0/ps_ifdrop:0) (68.1%)";
    expect(CAPTURERS.dumpcap.parseDrops(end)).toBe(63890);
    expect(CAPTURERS.cap.parseDrops('{"type":"counters","frames":5,"dropped":3}')).toBe(3);
    // That the kernel dropped none it cannot know.
    expect(CAPTURERS.cap.parseDrops('{"type":"counters","frames":5,"dropped":0}')).toBeNull();
    for (const { parseDrops } of Object.values(CAPTURERS)) expect(parseDrops('Capturing on eth0')).toBeNull();
  });
});

describe('what was left in the kernel', () => {
  const lines = (captured: number, received: number, dropped: number) => [
    'tcpdump: 1 packet captured, 1 packet received by filter, 0 packets dropped by kernel',
    `${captured} packets captured`,
    `${received} packets received by filter`,
    `${dropped} packets dropped by kernel`,
  ];
  const { countLeft } = CAPTURERS.tcpdump;

  it('is what tcpdump received and neither captured nor lost', () => {
    expect(countLeft(lines(0, 59_974, 0))).toBe(59_974);
    expect(countLeft(lines(100, 150, 30))).toBe(20);
    expect(countLeft(lines(100, 100, 0))).toBe(0);
    // The counters of before are not those of the end.
    expect(countLeft(lines(100, 150, 30).slice(1, 3))).toBeNull();
  });

  it('is not known where nobody tells', () => {
    expect(CAPTURERS.dumpcap.countLeft(['Packets captured: 5'])).toBeNull();
  });
});

describe('classifyFailure', () => {
  // Texts of libpcap 1.10.3 (as cap and tcpdump print them) and dumpcap 4.0.17.
  it.each([
    ['No such device exists', 'no-interface'],
    ['There is no device named "nosuch". (No such device exists)', 'no-interface'],
    ['socket: Operation not permitted', 'no-permission'],
    [
      "lo: You don't have permission to perform this capture on that device (socket: Operation not permitted)",
      'no-permission',
    ],
    ['That device is not up', 'interface-gone'],
    ['Device "ifb0" is not up. (That device is not up)', 'interface-gone'],
    ['pcap_loop: The interface disappeared', 'interface-gone'],
    ['The network adapter "a0" is no longer attached; the capture has stopped.', 'interface-gone'],
    [
      "node: ../src/binding.cc:190: static void Pcap::cb_packets(uv_poll_t*, int, int): Assertion `status == 0' failed.",
      'interface-gone',
    ],
    ["can't parse filter expression: syntax error", 'bad-filter'],
    ["unknown host 'foo.invalid'", 'bad-filter'],
    ['no VLAN support for Linux cooked v1', 'bad-filter'],
    ["Couldn't change to 'tcpdump' uid=100 gid=102: Operation not permitted", 'capturer-failed'],
    ['Segmentation fault', 'capturer-failed'],
    ['', 'capturer-failed'],
  ])('%s: %s', (words, code) => {
    expect(classifyFailure(words)).toBe(code);
  });
});
