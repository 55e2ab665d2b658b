import { describe, expect, it } from 'vitest';
import { communityId } from '../../src/report/model/community-id.ts';
import { addressBytes } from '../support/frames.ts';

/** The published baseline of the Community ID specification, its TCP and UDP flows: [ends, protocol, seed 0, seed 1]. */
const BASELINE = [
  {
    ends: ['128.232.110.120', 34_855, '66.35.250.204', 80],
    protocol: 6,
    seed0: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
    seed1: '1:3V71V58M3Ksw/yuFALMcW0LAHvc=',
  },
  {
    ends: ['2001:470:e5bf:dead:4957:2174:e82c:4887', 63_943, '2607:f8b0:400c:c03::1a', 25],
    protocol: 6,
    seed0: '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
    seed1: '1:eJYTW6AOzFLlSUoESovMjnu7rMw=',
  },
  {
    ends: ['192.168.1.52', 54_585, '8.8.8.8', 53],
    protocol: 17,
    seed0: '1:d/FP5EW3wiY1vCndhwleRRKHowQ=',
    seed1: '1:Q9We8WO3piVF8yEQBNJF4uiSVrI=',
  },
] as const;

describe('communityId', () => {
  it.each(BASELINE)('is that of the baseline for $ends', ({ ends, protocol, seed0, seed1 }) => {
    const [source, sourcePort, destination, destinationPort] = ends;
    const there = {
      sourceAddress: addressBytes(source),
      sourcePort,
      destinationAddress: addressBytes(destination),
      destinationPort,
      protocol,
    };
    const back = {
      sourceAddress: there.destinationAddress,
      sourcePort: destinationPort,
      destinationAddress: there.sourceAddress,
      destinationPort: sourcePort,
      protocol,
    };
    for (const flow of [there, back]) {
      expect(communityId(flow)).toBe(seed0);
      expect(communityId(flow, 1)).toBe(seed1);
    }
  });

  it('orders equal addresses by port', () => {
    const address = addressBytes('127.0.0.1');
    const flow = (sourcePort: number, destinationPort: number) =>
      communityId({ sourceAddress: address, destinationAddress: address, sourcePort, destinationPort, protocol: 6 });
    expect(flow(0, 59_804)).toBe(flow(59_804, 0));
    expect(flow(0, 59_804)).not.toBe(flow(0, 59_805));
  });
});
