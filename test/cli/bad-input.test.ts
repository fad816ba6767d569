import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { depthcast, type Ended, emptyFolder, makeFootage } from './depthcast.ts';

const CARDS = fileURLToPath(new URL('../../models/cards/', import.meta.url));

/** A failure as users and scripts are promised it: a code, a sentence, advice, JSON last, no stack. */
function expectFailure({ code, stderr, json }: Ended, exitCode: 1 | 2, errorCode: string): void {
  expect(stderr).toMatch(new RegExp(`^depthcast: ${errorCode}: \\S.*\\. \\S.*$`, 'm'));
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(json?.['error']).toMatchObject({ code: errorCode });
  expect(code).toBe(exitCode);
}

const testVideo = (size = '320x192', seconds = 1) => [
  ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=10:d=${seconds}`, '-pix_fmt', 'yuv420p'],
];

async function run(source: string, ...more: string[]): Promise<Ended> {
  return depthcast('run', source, '--out', await emptyFolder(), '--write', 'png16', '--json', ...more);
}

describe('bad input', { timeout: 240_000 }, () => {
  it('a missing file', async () => {
    expectFailure(await run('no-such-file.mp4'), 1, 'input-not-found');
  });

  it('an empty file', async () => {
    const file = join(await emptyFolder(), 'empty.mp4');
    await writeFile(file, '');
    expectFailure(await run(file), 1, 'input-empty');
  });

  it('random bytes', async () => {
    const file = join(await emptyFolder(), 'random.mp4');
    await writeFile(file, randomBytes(20_000));
    expectFailure(await run(file), 1, 'input-format');
  });

  it('a directory without pictures', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'notes.txt'), 'no picture');
    expectFailure(await run(dir), 1, 'input-no-pictures');
  });

  it('audio without video', async () => {
    const file = join(await emptyFolder(), 'tone.m4a');
    await makeFootage('-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac', file);
    expectFailure(await run(file), 1, 'input-no-video');
  });

  it('a truncated mp4: depth for what decodes, then the error', async () => {
    const dir = await emptyFolder();
    const file = join(dir, 'cut.mp4');
    await makeFootage(...testVideo('320x192', 3), '-g', '5', '-movflags', '+faststart', file);
    const whole = await readFile(file);
    await truncate(file, Math.floor(whole.length * 0.6));
    const out = join(dir, 'out');
    const ended = await depthcast('run', file, '--out', out, '--write', 'png16,csv', '--json');
    expectFailure(ended, 1, 'input-truncated');
    const written = (await readdir(join(out, 'depth'))).length;
    expect(written).toBeGreaterThan(5);
    expect(written).toBeLessThan(30);
    // The summary tells what was done although the run failed.
    expect(ended.json).toMatchObject({ frames: written, depthFrames: written });
  });

  it('a gap in an image sequence', async () => {
    const dir = await emptyFolder();
    const pictures = join(dir, 'pictures');
    await mkdir(pictures);
    await makeFootage(...testVideo(), join(pictures, '%06d.png'));
    await rm(join(pictures, '000006.png'));
    const ended = await run(pictures);
    expectFailure(ended, 1, 'sequence-gap');
  });

  it('a picture of another size in the middle', async () => {
    const pictures = await emptyFolder();
    await makeFootage(...testVideo(), join(pictures, '%06d.png'));
    await makeFootage(...testVideo('200x100'), '-frames:v', '1', join(pictures, '000005.png'));
    expectFailure(await run(pictures), 1, 'input-dimensions');
  });

  it('a corrupt model', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'broken.onnx'), randomBytes(5000));
    const file = join(dir, 'clip.mp4');
    await makeFootage(...testVideo(), file);
    expectFailure(await run(file, '--model', join(dir, 'broken.onnx')), 1, 'model-invalid');
  });

  it('a model whose file is not the one its card names', async () => {
    const dir = await emptyFolder();
    const card = JSON.parse(await readFile(join(CARDS, 'tc-depth-lite-single.json'), 'utf8'));
    for (const part of Object.values(card.parts) as { file: string }[]) {
      const name = part.file.split('/').at(-1)!;
      await copyFile(join(CARDS, part.file), join(dir, name));
      part.file = name;
    }
    const name = card.parts.frame.file as string;
    const bytes = await readFile(join(dir, name));
    bytes[bytes.length - 100]! ^= 255;
    await writeFile(join(dir, name), bytes);
    await writeFile(join(dir, 'card.json'), JSON.stringify(card));
    const file = join(dir, 'clip.mp4');
    await makeFootage(...testVideo(), file);
    expectFailure(await run(file, '--model', join(dir, 'card.json')), 1, 'model-hash');
  });

  it('a model of the wrong shape', async () => {
    const dir = await emptyFolder();
    const card = JSON.parse(await readFile(join(CARDS, 'tc-depth-lite.json'), 'utf8'));
    const weights = (file: string): string => join(CARDS, file);
    // The frame graph answers features, which are no depth map.
    const graph = { ...card.parts.frame, file: 'features.onnx' };
    await copyFile(weights(card.parts.frame.file), join(dir, 'features.onnx'));
    const { window: _, ...rest } = card;
    await writeFile(
      join(dir, 'card.json'),
      JSON.stringify({ ...rest, id: 'wrong', family: 'single-graph', parts: { graph } }),
    );
    const file = join(dir, 'clip.mp4');
    await makeFootage(...testVideo(), file);
    expectFailure(await run(file, '--model', join(dir, 'card.json')), 1, 'model-shape');
  });

  it('a fallback that cannot look at frames of the size of the model', async () => {
    const dir = await emptyFolder();
    const card = JSON.parse(await readFile(join(CARDS, 'tc-depth-lite-single.json'), 'utf8'));
    for (const part of Object.values(card.parts) as { file: string }[])
      part.file = relative(dir, join(CARDS, part.file));
    card.input.size = { rule: 'fixed', width: 640, height: 192 };
    await writeFile(join(dir, 'card.json'), JSON.stringify({ ...card, id: 'fixed' }));
    const file = join(dir, 'clip.mp4');
    await makeFootage(...testVideo('320x240'), file);
    expectFailure(await run(file, '--fallback', join(dir, 'card.json')), 2, 'option-invalid');
  });

  it('an unknown model', async () => {
    expectFailure(await run('whatever.mp4', '--model', 'no-such-model'), 1, 'model-not-found');
  });

  it('a port in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const file = join(await emptyFolder(), 'clip.mp4');
    await makeFootage(...testVideo(), file);
    expectFailure(await depthcast('serve', file, '--port', String(port), '--json'), 1, 'port-in-use');
  });

  it('an output folder that cannot be made', async () => {
    const dir = await emptyFolder();
    const file = join(dir, 'clip.mp4');
    await makeFootage(...testVideo(), file);
    expectFailure(await depthcast('run', file, '--out', join(file, 'below'), '--json'), 1, 'output-failed');
  });
});

describe('a wrong call', { timeout: 240_000 }, () => {
  it.each([
    [['run', 'x.mp4', '--colour', '--json'], /--colour/],
    [['run', '--json'], /source/],
    [['run', 'x.mp4', '--write', 'png16,tiff', '--json'], /tiff/],
    [['run', 'x.mp4', '--window', '-1,0,half', '--json'], /--window/],
    [['run', 'x.mp4', '--causal', '--window', '-1,0,1', '--json'], /--causal/],
    [['run', 'x.mp4', '--size', 'large', '--json'], /--size/],
    [['run', 'x.mp4', '--size', '8192x8192', '--json'], /--size .* pixels/],
    [['run', 'x.mp4', '--out', '', '--json'], /--out must not be empty/],
    [['run', 'x.mp4', '--fallback', 'tc-depth-lite', '--json'], /cannot fall back/],
    [['run', 'x.mp4', '--max-frames', '0', '--json'], /--max-frames/],
    [['run', 'x.mp4', '--threads', 'many', '--json'], /--threads/],
    [['run', 'x.mp4', '--device', 'abacus', '--json'], /--device/],
    [['run', 'x.mp4', '--log-level', 'loud', '--json'], /--log-level/],
    [['serve', 'x.mp4', '--port', '70000', '--json'], /--port/],
    [['serve', 'a=x.mp4', 'a=y.mp4', '--json'], /called a/],
    [['models', 'buy', '--json'], /buy|unknown|many/],
    [['dance', '--json'], /dance/],
  ])('depthcast %j is refused with exit code 2', async (args, about) => {
    const ended = await depthcast(...args);
    expectFailure(ended, 2, 'option-invalid');
    expect(ended.stderr).toMatch(about);
  });

  it('unknown keys, wrong values and broken files of --config are named', async () => {
    const dir = await emptyFolder();
    const config = join(dir, 'config.json');
    const trial = async (text: string): Promise<Ended> => {
      await writeFile(config, text);
      return depthcast('run', 'x.mp4', '--config', config, '--json');
    };
    const unknown = await trial('{"maxFrame": 3}');
    expectFailure(unknown, 2, 'option-invalid');
    expect(unknown.stderr).toContain('maxFrame');
    const wrong = await trial('{"maxFrames": -3}');
    expectFailure(wrong, 2, 'option-invalid');
    expect(wrong.stderr).toContain('maxFrames');
    expectFailure(await trial('{"maxFrames": '), 2, 'option-invalid');
    expectFailure(await depthcast('run', 'x.mp4', '--config', join(dir, 'none.json'), '--json'), 2, 'option-invalid');
  });

  it('shows a stack only with --log-level debug', async () => {
    const { stderr } = await depthcast('run', 'no-such-file.mp4', '--log-level', 'debug');
    expect(stderr).toMatch(/^\s+at /m);
  });
});
