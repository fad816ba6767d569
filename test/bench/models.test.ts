import { describe, expect, it } from 'vitest';
import { models } from '../../bench/models.ts';

describe('the suite of architectures', { timeout: 240_000 }, () => {
  it('times the built-in network with its own weights, and says what its memory is', async () => {
    const { models: figures, beside } = await models({ only: ['tc-depth-lite'], rounds: 1 });
    expect(figures).toMatchObject([{ id: 'tc-depth-lite', weights: 'trained', size: '640x192' }]);
    expect(figures[0]!.ms!.median).toBeGreaterThan(0);
    expect(figures[0]!.megabytes).toBeGreaterThan(1);
    expect(beside).toEqual([]);
  });

  it('times a published one with random weights of its shape, and says so', async () => {
    const { models: figures } = await models({ only: ['monodepth2-640x192'], rounds: 1 });
    expect(figures).toMatchObject([{ weights: 'random', parameters: 14_336_817 }]);
    expect(figures[0]!.ms!.least).toBeGreaterThan(0);
  });

  it('runs Depth Anything beside transformers.js, or says how to install it', async () => {
    const { beside, besideNote } = await models({ only: ['depth-anything-v2-small'], rounds: 1 });
    if (besideNote !== undefined) expect(besideNote).toContain('npm i --no-save @huggingface/transformers');
    else expect(beside[0]!.difference).toBeLessThan(1e-3);
  });
});
