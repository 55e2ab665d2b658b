import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as layers from '../../src/decode/layers.ts';
import * as linkTypes from '../../src/decode/link/linktypes.ts';
import * as reasons from '../../src/decode/reasons.ts';
import { pcap } from '../support/capture-builder.ts';
import { describeWith, type Tool } from '../support/tools.ts';

const constants = (module: object, prefix: string) =>
  Object.entries(module).filter((entry): entry is [string, number] => entry[0].startsWith(prefix));

describe('names', () => {
  it('of layers are those of their constants', () => {
    for (const [name, id] of constants(layers, 'LAYER_')) {
      expect(layers.layerName(id)).toBe(name.slice('LAYER_'.length).toLowerCase().replaceAll('_', '-'));
    }
    expect(layers.layerName(255)).toBe('unknown');
  });

  it('of reasons are distinct words that say what their constants say', () => {
    const texts = constants(reasons, 'REASON_').map(([name, reason]) => {
      const text = reasons.reasonText(reason);
      for (const word of name.slice('REASON_'.length).toLowerCase().split('_')) {
        if (name !== 'REASON_NONE') expect(text).toContain(word);
      }
      return text;
    });
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('of reasons with a value', () => {
    expect(reasons.reasonText(reasons.etherTypeReason(0x88cc))).toBe('ethertype-0x88cc');
    expect(reasons.reasonText(reasons.ipProtocolReason(132))).toBe('ip-protocol-132');
    expect(reasons.reasonText(reasons.linkTypeReason(189))).toBe('link-type-usb-linux');
    expect(reasons.reasonText(reasons.greReason(0x2001))).toBe('gre-0x2001');
    expect(reasons.reasonText(reasons.wlanReason(8))).toBe('wlan-management');
  });
});

const program: Tool = 'tcpdump';

describeWith([program], 'names of link types', () => {
  it('are those that tcpdump prints', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portzero-'));
    try {
      const path = join(folder, 'empty.pcap');
      for (const [, linkType] of [...constants(linkTypes, 'LINKTYPE_'), ['', 189], ['', 220], ['', 252]] as const) {
        // BSD's raw IP has no number of its own in libpcap's list of link types, and 16 is another type on BSD/OS, which tcpdump goes by.
        if (linkType === 14 || linkType === 16) continue;
        writeFileSync(path, pcap([], { linkType }));
        const { stderr } = spawnSync(program, ['-nr', path], { encoding: 'utf8' });
        expect(stderr).toMatch(new RegExp(`link-type (${linkTypes.linkTypeName(linkType)}|${linkType})[ ,]`));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('are numbers where there is none', () => {
    expect(linkTypes.linkTypeName(4711)).toBe('UNKNOWN-4711');
  });
});
