import { expect, it } from 'vitest';
import { TraceBudget } from '../../src/track/traced-segments.ts';
import { play, segment, type Timed } from '../support/segments.ts';

const CLIENT_TO_SERVER = '192.0.2.1:40000 > 198.51.100.7:0';
const SERVER_TO_CLIENT = '198.51.100.7:0 > 192.0.2.1:40000';
const opening: readonly Timed[] = [
  [0, segment(CLIENT_TO_SERVER, 'S', { sequence: 100 })],
  [0.1, segment(SERVER_TO_CLIENT, 'SA', { sequence: 900, acknowledgment: 101 })],
  [0.2, segment(CLIENT_TO_SERVER, 'A', { sequence: 101, acknowledgment: 901 })],
];

it('keeps the first 64 of a conversation', () => {
  const data = Array.from({ length: 100 }, (_, index): Timed => {
    const fields = { sequence: 101 + index * 10, acknowledgment: 901, payloadLength: 10 };
    return [0.3 + index / 100, segment(CLIENT_TO_SERVER, 'PA', fields)];
  });
  const [exchange] = play([...opening, ...data]);
  expect(exchange!.frameCount).toBe(103);
  expect(exchange!.segments.map(({ frame }) => frame)).toEqual(Array.from({ length: 64 }, (_, index) => index + 3));
  expect(exchange!.segments[1]).toMatchObject({
    fromClient: true,
    sequence: 101,
    acknowledgment: 901,
    payloadLength: 10,
  });
});

it('keeps nothing of an exchange of an opening and its answer', () => {
  const refusal = segment(SERVER_TO_CLIENT, 'RA', { sequence: 0, acknowledgment: 101 });
  for (const frames of [opening.slice(0, 1), [opening[0]!, [0.1, refusal] as Timed]])
    expect(play(frames)[0]!.segments).toEqual([]);
});

it('has room for what is no repeated opening when those have taken theirs', () => {
  const budget = new TraceBudget();
  let repeats = 0;
  while (budget.takes(true)) repeats++;
  let others = 0;
  while (budget.takes(false)) others++;
  expect([repeats, repeats + others]).toEqual([32_768, 131_072]);
  budget.give(1);
  expect(budget.takes(false)).toBe(true);
  expect(budget.takes(false)).toBe(false);
});
