import { bytesOf } from '../support/frames.ts';
import * as links from '../support/link-wrappings.ts';
import * as wrap from '../support/wrappings.ts';
import { type Case, frame4, packet4, packet6 } from './case.ts';

const cisco = wrap.ciscoHdlc(packet4);
const relay = wrap.frameRelay(100, packet4);
const ppp = wrap.ppp(packet4);
const bare = wrap.ppp(packet4, true);

/** Juniper's card types: name, link type, cookie, frame, layers behind "juniper", flags. */
const JUNIPER: readonly (readonly [string, number, string, Uint8Array, string, number?, boolean?])[] = [
  ['Ethernet', 178, '', frame4, 'ethernet'],
  ['PPPoE', 167, '', frame4, 'ethernet'],
  ['PPP', 179, '', ppp, 'ppp'],
  ['Frame Relay', 180, '', relay, 'frame-relay'],
  ['Cisco HDLC', 181, '', cisco, 'chdlc'],
  ['MLPPP, member', 130, '', bare, 'ppp'],
  ['MLPPP, member with address', 130, '', ppp, 'ppp'],
  ['MLPPP, bundle', 130, '0001', bare, 'ppp'],
  ['MLPPP, link services', 130, '54000001', bare, 'ppp'],
  ['MLPPP, adaptive services', 130, '47000001 03000000', packet4, ''],
  ['MLPPP, adaptive services, incoming', 130, '47000001 00000000', bare, 'ppp', 1],
  ['MLPPP, adaptive services, IPv6', 130, '40000001 00100000', packet6, '', 0, true],
  ['MLPPP, adaptive services, MPLS', 130, '40000001 00200000', wrap.mpls([0], packet4), 'mpls'],
  ['MLFR, adaptive services', 131, '47000001 01000000', packet4, ''],
  ['MLFR, link services', 131, '54000001 03cc', packet4, ''],
  ['MLFR, bundle', 131, '0001 03cc', packet4, ''],
  ['GGSN', 133, '0200 0500', packet4, ''],
  ['GGSN, IPv6', 133, '0600 0500', packet6, '', 0, true],
  ['ATM 1, LLC', 137, '00000000', links.llcSnap(packet4), 'llc'],
  ['ATM 1, IP', 137, '00000000', packet4, ''],
  ['ATM 2, LLC', 135, '0000000000000000', links.llcSnap(packet6), 'llc', 0, true],
  ['ATM 2, protocol id in LLC', 135, '0000000000000000', links.llcNlpid(packet4), 'llc'],
  ['ATM 2, protocol id', 135, '0000000000000000 03cc', packet4, ''],
  ['ATM 2, PPP', 135, '0000000000000000', bare, 'ppp'],
  ['ATM 2, Ethernet', 135, '0000000100000000', frame4, 'ethernet'],
  ['ATM 2, IP', 135, '0000000000000000', packet6, '', 1, true],
  ['services, incoming', 136, '00000000000000000000000000000000', packet4, '', 1],
  ['services, outgoing', 136, '000000000000000000000000', packet4, ''],
  ['voice', 183, '000000000000000000000000000000000000', packet4, ''],
];

const scopeOf = (layers: string) => (layers === 'frame-relay' ? { scope: 'frame-relay 100' } : {});

export const LINK_CASES: readonly Case[] = [
  {
    name: 'IP over Fibre Channel',
    linkType: 122,
    bytes: bytesOf('1000020000000002 1000020000000001', links.llcSnap(packet4)),
    layers: 'ipfc llc',
  },
  { name: 'classical IP over ATM', linkType: 106, bytes: packet4, layers: 'raw' },
  { name: 'classical IP over ATM, LLC', linkType: 19, bytes: links.llcSnap(packet4), layers: 'llc', tshark: null },
  { name: 'FDDI', linkType: 10, bytes: links.fddi(packet4), layers: 'fddi llc' },
  { name: 'FDDI with a priority', linkType: 10, bytes: links.fddi(packet6, 0x57), layers: 'fddi llc', v6: true },
  { name: 'token ring', linkType: 6, bytes: links.tokenRing(packet4), layers: 'token-ring llc' },
  { name: 'token ring, routed', linkType: 6, bytes: links.tokenRing(packet4, true), layers: 'token-ring llc' },
  { name: 'IP over InfiniBand', linkType: 242, bytes: links.infiniband(packet4), layers: 'ipoib' },
  { name: 'IPv6 over InfiniBand', linkType: 242, bytes: links.infiniband(packet6), layers: 'ipoib', v6: true },
  { name: 'ARCNET', linkType: 7, bytes: links.arcnet(packet4), layers: 'arcnet' },
  { name: 'ARCNET, IPv6', linkType: 7, bytes: links.arcnet(packet6), layers: 'arcnet', v6: true },
  { name: 'ARCNET, RFC 1051', linkType: 7, bytes: links.arcnet(packet4, { old: true }), layers: 'arcnet' },
  { name: 'ARCNET, exception', linkType: 7, bytes: links.arcnet(packet4, { exception: true }), layers: 'arcnet' },
  { name: 'ARCNET of Linux', linkType: 129, bytes: links.arcnet(packet4, { linux: true }), layers: 'arcnet' },
  {
    name: 'ARCNET of Linux, RFC 1051',
    linkType: 129,
    bytes: links.arcnet(packet4, { linux: true, old: true }),
    layers: 'arcnet',
  },
  { name: 'PKTAP as USER2', linkType: 149, bytes: links.pktap(1, frame4), layers: 'pktap ethernet' },
  { name: 'TZSP', linkType: 128, bytes: bytesOf('0100 0001 01', frame4), layers: 'tzsp ethernet' },
  ...JUNIPER.map(([name, linkType, cookie, frame, layers, flags = 0, v6 = false]) => ({
    name: `Juniper ${name}`,
    linkType,
    bytes: links.juniper({ flags, cookie }, frame),
    layers: `juniper ${layers}`.trim(),
    v6,
    ...scopeOf(layers),
  })),
  {
    name: 'Juniper, extensions',
    linkType: 178,
    bytes: links.juniper({ extensions: bytesOf('030101 06010e') }, frame4),
    layers: 'juniper ethernet',
  },
  {
    name: 'Juniper, link layer taken off',
    linkType: 178,
    bytes: links.juniper({ protocol: 2 }, packet4),
    layers: 'juniper',
  },
  {
    name: 'Juniper, link layer taken off, IPv6, extensions',
    linkType: 135,
    bytes: links.juniper({ protocol: 6, extensions: bytesOf('030101') }, packet6),
    layers: 'juniper',
    v6: true,
  },
  { name: 'Juniper without magic number', linkType: 178, bytes: frame4, layers: 'juniper ethernet' },
];
