import { writeFileSync } from 'node:fs';
import { pcap } from './capture-builder.ts';
import { ethernet, ipv4, tcp } from './frames.ts';

/** Bytes of a record: header and a frame of 54 bytes. */
const RECORD = 16 + 54;

/**
 * Writes a capture of `count` SYNs to port 0 of 198.51.100.7, each from an end of its own (10.0.0.0/8), with right
 * checksums: what one word of an address grows by, another word, of no meaning here, shrinks by.
 */
export function writeFlood(path: string, count: number): void {
  const parts: Buffer[] = [];
  for (let first = 0; first < count; first += 0x8000) {
    const base = { source: `10.${first >>> 15}.0.0`, destination: '198.51.100.7', id: 0xfffe };
    const syn = ethernet({}, ipv4(base, tcp({ destinationPort: 0, sequence: 0x1000fffe })));
    const one = Buffer.from(pcap([{ bytes: syn }]));
    if (first === 0) parts.push(one.subarray(0, 24));
    const length = Math.min(0x8000, count - first);
    const records = Buffer.alloc(length * RECORD);
    for (let i = 0; i < length; i++) {
      const at = i * RECORD;
      one.copy(records, at, 24);
      const ip = at + 16 + 14;
      records.writeUInt16BE(i, ip + 14);
      records.writeUInt16BE(0xfffe - i, ip + 4);
      records.writeUInt16BE(0xfffe - i, ip + 20 + 6);
    }
    parts.push(records);
  }
  writeFileSync(path, Buffer.concat(parts));
}
