import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Two cores: more workers than that only makes the slow tests slower.
    maxWorkers: 2,
    // Cameras, browsers and workers live by the clock, and a machine at other work may starve them: one more try.
    retry: 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
