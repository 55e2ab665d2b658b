import type { ExchangeGroup, ExchangeReport } from './model/types.ts';

/** More frames than this make a filter that nobody wants to paste. */
const MAX_FRAMES = 60;

/** Wireshark display filter for frames by number, as in `frame.number in {1, 2, 7..9}`; they must be in order. */
export function framesFilter(frames: readonly number[]): string {
  if (frames.length === 1) return `frame.number == ${frames[0]}`;
  const parts: string[] = [];
  for (let i = 0; i < frames.length; ) {
    let end = i + 1;
    while (end < frames.length && frames[end] === frames[end - 1]! + 1) end++;
    if (end - i < 3) end = i + 1;
    parts.push(end - i === 1 ? String(frames[i]) : `${frames[i]}..${frames[end - 1]}`);
    i = end;
  }
  return `frame.number in {${parts.join(', ')}}`;
}

/** Wireshark display filter that shows an exchange, the ICMP errors that quote it included. */
export function exchangeFilter(exchange: ExchangeReport, byAddress = false): string {
  if (!byAddress && exchange.frames.count <= MAX_FRAMES && exchange.frames.omitted === 0)
    return framesFilter(exchange.frames.all);
  const { client, server } = exchange;
  return [...new Set([addressFilter(client.address), addressFilter(server.address)])]
    .concat([...new Set([client.port, server.port])].map((port) => `tcp.port == ${port}`))
    .join(' && ');
}

/**
 * Wireshark display filter for a group. By frame numbers where they are few and all known; by port 0 and the ends that all
 * have in common otherwise, or where frame numbers mean nothing (several captures, a live one).
 */
export function groupFilter(group: ExchangeGroup, isLive = false): string {
  const { examples, portZero } = group;
  // Each capture counts its frames anew.
  const byAddress = isLive || group.inputs > 1;
  const first = examples[0];
  const complete = examples.length === group.count;
  if (first !== undefined && complete && examples.length === 1) return exchangeFilter(first, byAddress);
  const frames = [...new Set(examples.flatMap((example) => example.frames.all))].sort((a, b) => a - b);
  const isListed = examples.every((example) => example.frames.omitted === 0);
  const byFrame = isListed && frames.length <= MAX_FRAMES && frames.length > 0;
  // Ordinary ports have nothing in common to filter by: the examples' frames are all that can be shown.
  if (!byAddress && byFrame && (complete || portZero === null)) return framesFilter(frames);
  const parts = [portZero === null ? 'tcp' : 'tcp.port == 0'];
  if (first !== undefined) {
    if (isOne(group.clients)) parts.push(addressFilter(first.client.address));
    if (isOne(group.servers)) parts.push(addressFilter(first.server.address));
  }
  return [...new Set(parts)].join(' && ');
}

function isOne(distinct: { readonly count: number; readonly atLeast: boolean }): boolean {
  return distinct.count === 1 && !distinct.atLeast;
}

function addressFilter(address: string): string {
  return `${address.includes(':') ? 'ipv6' : 'ip'}.addr == ${address}`;
}
