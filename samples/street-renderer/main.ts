import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { intrinsicsFor } from './camera.ts';
import { calibText, movingText, posesText, timesText } from './kitti-text.ts';
import { readOptions, usage } from './options.ts';
import { renderFrames } from './render-frames.ts';
import { createStreet } from './street.ts';
import { depthPng, maskPng } from './truth-files.ts';
import { openVideo } from './video-file.ts';

/** Renders a street into a folder: the video, KITTI's text files, depth and masks. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return;
  }
  const { seed, frames, first, fps, width, height, out } = options;
  const started = performance.now();
  await mkdir(join(out, 'depth'), { recursive: true });
  await mkdir(join(out, 'moving'), { recursive: true });
  const street = createStreet(seed);
  await writeFile(join(out, 'calib.txt'), calibText(intrinsicsFor(width, height)));
  await writeFile(join(out, 'times.txt'), timesText(frames, fps));
  await writeFile(join(out, 'poses.txt'), posesText(street, frames, fps));
  await writeFile(join(out, 'moving.json'), movingText(street, frames, fps));
  const video = openVideo(join(out, 'street.mp4'), width, height, fps);
  for await (const { index, color, depth, moving } of renderFrames(options, first, frames, options.workers)) {
    await video.write(color);
    const name = `${String(index).padStart(6, '0')}.png`;
    if (index % options.depthEvery === 0)
      await writeFile(join(out, 'depth', name), await depthPng(depth, width, height));
    await writeFile(join(out, 'moving', name), await maskPng(moving, width, height));
    const seconds = (performance.now() - started) / 1000;
    process.stderr.write(`frame ${index + 1} of ${frames}, ${(seconds / (index + 1 - first)).toFixed(2)} s a frame\n`);
  }
  await video.close();
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
