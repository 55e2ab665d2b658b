import { describe, expect, it } from 'vitest';
import { invalidReset } from '../../src/rules/invalid-reset.ts';
import { ask } from '../support/rules.ts';

const ignored = { invalidResets: 2, firstInvalidResetFrame: 3 } as const;

describe('invalid-reset', () => {
  it('flags a RST that the client must ignore, also when a good answer came in the end', () => {
    const match = { messageId: 'reset', data: { resets: 2 }, frames: [3] };
    expect(ask(invalidReset, { ...ignored, verdict: 'invalid-reset' })).toEqual(match);
    expect(ask(invalidReset, { ...ignored, verdict: 'accepted' })).toEqual(match);
    expect(ask(invalidReset, { verdict: 'refused' })).toBeNull();
  });

  it('looks at other ports only with ports: any', () => {
    expect(ask(invalidReset, { ...ignored, serverPort: 80 })).toBeNull();
    expect(ask(invalidReset, { ...ignored, serverPort: 80 }, { ports: 'any' })).not.toBeNull();
    expect(ask(invalidReset, { ...ignored, clientPort: 0, serverPort: 80 })).not.toBeNull();
  });
});
