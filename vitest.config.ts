import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    // No test rests on being quick: a busy machine takes many times as long.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
