import { describe, expect, it } from 'vitest';
import { depthcast } from './depthcast.ts';

describe('depthcast --help', { timeout: 240_000 }, () => {
  it.each([
    [[]],
    [['run']],
    [['serve']],
    [['models']],
    [['models', 'list']],
    [['models', 'show']],
    [['bench']],
    [['probe']],
  ])('depthcast %j --help shows an example', async (command) => {
    const { code, stdout } = await depthcast(...command, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Usage: depthcast/);
    expect(stdout).toMatch(/Example:\n {2}\$ depthcast /);
  });

  it('states its version', async () => {
    const { code, stdout } = await depthcast('--version');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
