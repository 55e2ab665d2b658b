import { expect, it } from 'vitest';
import { EvictedQuestions, KEPT_QUESTIONS } from '../../src/track/evicted-questions.ts';

it('forgets none of the newest questions', () => {
  const questions = new EvictedQuestions();
  for (let i = 0; i < 3 * KEPT_QUESTIONS; i++) questions.note(i, -i);
  let forgotten = 0;
  for (let i = 2 * KEPT_QUESTIONS; i < 3 * KEPT_QUESTIONS; i++) if (!questions.has(i, -i)) forgotten++;
  expect(forgotten).toBe(0);
});

it('takes few others for them, and forgets what is old', () => {
  const questions = new EvictedQuestions();
  expect(questions.has(1, 2)).toBe(false);
  for (let i = 0; i < 3 * KEPT_QUESTIONS; i++) questions.note(i, -i);
  let others = 0;
  for (let i = 0; i < KEPT_QUESTIONS; i++) if (questions.has(i, -i)) others++;
  // Two full filters. In each a block of 512 bits has some 32 numbers, by Poisson, of five bits each: 0.0017, the sum of
  // e^-32 32^k / k! (1 - (1 - 1/512)^(5k))^5 over all k.
  expect(others).toBeLessThan((2 * 0.0017 * 1.2 + 0.001) * KEPT_QUESTIONS);
});
