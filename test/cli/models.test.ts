import { describe, expect, it } from 'vitest';
import { depthcast } from './depthcast.ts';

describe('depthcast models', { timeout: 60_000 }, () => {
  it('lists what is here, for scripts and for people', async () => {
    const { code, json } = await depthcast('models', 'list', '--json');
    expect(code).toBe(0);
    const models = json!['models'] as Record<string, unknown>[];
    for (const model of models) {
      expect(Object.keys(model)).toEqual(['id', 'kind', 'window', 'licence', 'commercial', 'bytes', 'state']);
    }
    expect(models.find(({ id }) => id === 'tc-depth-lite')).toMatchObject({
      kind: 'metric',
      window: [-1, 0, 1],
      state: 'ready',
    });
    expect(models.find(({ id }) => id === 'tc-depth-lite-single')).toMatchObject({ window: [0], state: 'ready' });
    const { stdout } = await depthcast('models', 'list');
    expect(stdout).toMatch(/^tc-depth-lite +metric +-1,0,1 /m);
  });

  it('shows a card', async () => {
    const { code, json } = await depthcast('models', 'show', 'tc-depth-lite', '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({ id: 'tc-depth-lite', family: 'windowed-features' });
  });
});
