import { expect, it } from 'vitest';
import { nearestWord } from '../../src/config/nearest.ts';

const verdicts = ['accepted', 'refused', 'unreachable', 'silent'];

it.each([
  ['refusd', 'refused'],
  ['refuesd', 'refused'],
  ['Accepted', 'accepted'],
  ['acc', 'accepted'],
  ['unreach', 'unreachable'],
  ['open', null],
  ['', null],
  ['xyz', null],
])('%j is near %j', (word, near) => {
  expect(nearestWord(word, verdicts)).toBe(near);
});

it('suggests no word that has little in common with a short one', () => {
  expect(nearestWord('al', ['zero', 'any'])).toBeNull();
});
