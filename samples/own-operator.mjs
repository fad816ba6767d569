// Operators of your own, before and after the network: brighter pictures in, free space out.
// Usage: node samples/own-operator.mjs [drive.mp4] [--frames 60] [--gain 1.5]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DepthcastError, depthStream, framesOf, openFootage, openModel, readIntrinsics } from 'depthcast';
import { lastValueFrom, map, tap } from 'rxjs';

/**
 * Pictures made brighter: 0 stays 0, white stays white, and what lies between is lifted by 1 / `gain` as an exponent.
 *
 * A frame is never changed once it was emitted, since others hold it as well: the answer is a new frame with pixels of
 * its own. They lie in a SharedArrayBuffer because the network's worker thread reads them there. Everything else of the
 * frame is passed on, `flow` above all: it is the brake by which a slow network holds back the decoder.
 *
 * @param {number} gain above 1
 * @returns {import('rxjs').MonoTypeOperatorFunction<import('depthcast').Frame>}
 */
function brighten(gain) {
  const lifted = Uint8Array.from({ length: 256 }, (_, value) => Math.round(255 * (value / 255) ** (1 / gain)));
  return map((frame) => {
    const pixels = new Uint8Array(new SharedArrayBuffer(frame.pixels.length));
    for (let i = 0; i < pixels.length; i++) pixels[i] = lifted[frame.pixels[i] ?? 0] ?? 0;
    return { ...frame, pixels };
  });
}

/**
 * How far one could go in each of `sectors` directions, from left to right: metres to the nearest thing that stands
 * higher than 0.3 m over the ground, for a camera `height` metres over it. Infinity where there is none.
 *
 * @param {number} sectors
 * @param {number} height
 * @returns {import('rxjs').OperatorFunction<import('depthcast').DepthFrame, { seconds: number, metres: Float32Array }>}
 */
function freeSpace(sectors, height) {
  return map(({ frame, depth: { data, width } }) => {
    const { fy, cy } = frame.intrinsics ?? { fy: 0.58 * width, cy: (frame.height - 1) / 2 };
    const metres = new Float32Array(sectors).fill(Number.POSITIVE_INFINITY);
    for (let i = 0; i < data.length; i++) {
      const z = data[i] ?? Number.NaN;
      const down = ((Math.floor(i / width) - cy) * z) / fy;
      const sector = Math.floor(((i % width) * sectors) / width);
      if (down < height - 0.3 && down > -0.5 && z < (metres[sector] ?? 0)) metres[sector] = z;
    }
    return { seconds: frame.timestamp, metres };
  });
}

// Whatever fails says what happened and what to do.
process.once('uncaughtException', (error) => {
  console.error(error.message, error instanceof DepthcastError ? error.advice : '');
  process.exit(1);
});

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { frames: { type: 'string', default: '60' }, gain: { type: 'string', default: '1.5' } },
});
const sample = fileURLToPath(new URL('street/', import.meta.url));
const footage = await openFootage(positionals[0] ?? `${sample}street.mp4`);
const { size } = footage.info;
const model = await openModel('tc-depth-lite');
const fallback = await openModel('tc-depth-lite-single');
const frames = framesOf(footage, {
  stream: 'drive',
  size: model.inputSize(size),
  intrinsics: positionals[0] ? footage.info.intrinsics : await readIntrinsics(`${sample}calib.txt`, size),
  maxFrames: Number(values.frames),
});

const spaces = depthStream(frames.pipe(brighten(Number(values.gain))), { model, fallback }).pipe(
  freeSpace(9, 1.65),
  tap(({ seconds, metres }) => {
    const row = [...metres].map((free) => (Number.isFinite(free) ? free.toFixed(0) : '-').padStart(3)).join(' ');
    console.log(`${seconds.toFixed(2)} s  ${row}`);
  }),
);
await lastValueFrom(spaces, { defaultValue: undefined });
await Promise.all([model.close(), fallback.close()]);
