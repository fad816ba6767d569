import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { candidates } from '../../models/choose-device.ts';
import { openModel } from '../../models/index.ts';

const command = fileURLToPath(new URL('../../bin/depthcast.js', import.meta.url));
const clip = fileURLToPath(new URL('../../samples/street/street.mp4', import.meta.url));
const size = { width: 640, height: 192 };

describe('the device auto', () => {
  it('tries what the system has, in its order, and on Linux only where a graphics processor shows', () => {
    expect(candidates('linux', () => false)).toEqual([]);
    expect(candidates('linux', (path) => path === '/dev/dri')).toEqual(['webgpu']);
    expect(candidates('linux', (path) => path === '/dev/nvidia0')).toEqual(['cuda', 'webgpu']);
    expect(candidates('win32', () => false)).toEqual(['dml', 'webgpu']);
    expect(candidates('darwin', () => false)).toEqual(['coreml', 'webgpu']);
    expect(candidates('aix', () => true)).toEqual([]);
  });

  it('ends on a device that answers, and tells of each that does not', async () => {
    const warnings: string[] = [];
    const onWarning = (text: string): number => warnings.push(text);
    const model = await openModel('tc-depth-lite-single', { device: 'auto', source: size, onWarning });
    await model.close();
    // Each that stands before the one it took was told; with nothing to try it is the CPU, in silence.
    const tried = candidates(process.platform, existsSync);
    const taken = [...tried, 'cpu'].indexOf(model.device);
    expect(warnings.length).toBe(taken);
    for (const [at, text] of warnings.entries()) expect(text).toContain(`cannot run on ${tried[at]}`);
  });
});

describe('a device asked for by name', () => {
  const foreign = process.platform === 'darwin' ? 'dml' : 'coreml';

  it('that this system does not have is refused with what to do', async () => {
    await expect(openModel('tc-depth-lite-single', { device: foreign, source: size })).rejects.toMatchObject({
      code: 'option-invalid',
      message: `tc-depth-lite-single cannot run on ${foreign} here.`,
      advice: expect.stringContaining('--device cpu'),
      facts: { device: foreign, reason: expect.stringContaining('backend not found') },
    });
  });

  it('webgpu is refused to a model of two graphs, which would need two sessions', async () => {
    await expect(openModel('tc-depth-lite', { device: 'webgpu', source: size })).rejects.toMatchObject({
      code: 'option-invalid',
      facts: { device: 'webgpu', reason: expect.stringContaining('several graphs') },
    });
  });
});

describe('depthcast run', () => {
  const run = (...given: string[]) =>
    promisify(execFile)(process.execPath, [command, 'run', clip, '--max-frames', '3', '--json', ...given]);

  it('says in --json and meta.json where the model ran', async () => {
    const out = await mkdtemp(join(tmpdir(), 'depthcast-device-'));
    try {
      const { stdout } = await run('--device', 'cpu', '--out', out, '--write', 'csv');
      expect(JSON.parse(stdout)).toMatchObject({ depthFrames: 3, device: 'cpu' });
      expect(JSON.parse(await readFile(join(out, 'meta.json'), 'utf8'))).toMatchObject({ device: 'cpu' });
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  });

  it('with a device that is not there ends with its typed error, and no noise of the runtime', async () => {
    const out = await mkdtemp(join(tmpdir(), 'depthcast-device-'));
    const foreign = process.platform === 'darwin' ? 'dml' : 'coreml';
    try {
      const failed = run('--device', foreign, '--model', 'tc-depth-lite-single', '--out', out, '--write', 'csv');
      await expect(failed).rejects.toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot run on/) });
      const { stderr, stdout } = (await failed.catch((error: unknown) => error)) as { stderr: string; stdout: string };
      expect(stderr).not.toMatch(/onnxruntime_src|Vulkan|\.so/);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'option-invalid' } });
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  });
});
