import { describe, expect, it } from 'vitest';
import { conflictingAnswers } from '../../src/rules/conflicting-answers.ts';
import { makeEvidence } from '../support/exchange.ts';
import { ask } from '../support/rules.ts';

const conflicting = { conflicting: true, answerFrame: 2, otherAnswers: [makeEvidence({ frame: 5 })] } as const;

describe('conflicting-answers', () => {
  it('flags answers that do not fit together and shows all of them', () => {
    expect(ask(conflictingAnswers, conflicting)).toEqual({ messageId: 'conflict', frames: [2, 5] });
    expect(ask(conflictingAnswers, { ...conflicting, conflicting: false })).toBeNull();
  });

  it('looks at other ports only with ports: any', () => {
    expect(ask(conflictingAnswers, { ...conflicting, serverPort: 80 })).toBeNull();
    expect(ask(conflictingAnswers, { ...conflicting, serverPort: 80 }, { ports: 'any' })).not.toBeNull();
  });
});
