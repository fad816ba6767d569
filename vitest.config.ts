import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Two cores: more workers than that only makes the slow tests slower.
    maxWorkers: 2,
    // Cameras, browsers and workers live by the clock, and a machine at other work may starve them: one more try.
    retry: 1,
    // They end what hangs, and time nothing: a starved machine takes ten times what a quiet one does.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
