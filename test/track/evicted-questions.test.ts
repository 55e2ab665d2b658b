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
  // Two full filters, four bits of 2^23 for each number: (1 - e^(-1/4))^4 = 0.0024 each.
  expect(others).toBeLessThan((2 * 0.0024 * 1.2 + 0.001) * KEPT_QUESTIONS);
});
