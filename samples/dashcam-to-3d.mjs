// A dashcam file as a 3-D view in the browser.
// Usage: node samples/dashcam-to-3d.mjs [dashcam.mp4] [--fov 70] [--port 8080] [--frames 100]
//
// --fov is the camera's horizontal field of view in degrees, as its data sheet states it: metres depend on it. With
// --frames it plays so many and ends; without, it plays the file again and again until Ctrl-C.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  broadcast,
  DepthcastError,
  depthStream,
  foxgloveDoor,
  framesOf,
  openFootage,
  openModel,
  readIntrinsics,
  startServer,
} from 'depthcast';
import { lastValueFrom } from 'rxjs';

// Whatever fails says what happened and what to do.
process.once('uncaughtException', (error) => {
  console.error(error.message, error instanceof DepthcastError ? error.advice : '');
  process.exit(1);
});

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    fov: { type: 'string' },
    port: { type: 'string', default: '8080' },
    frames: { type: 'string' },
  },
});
const sample = fileURLToPath(new URL('street/', import.meta.url));
const footage = await openFootage(positionals[0] ?? `${sample}street.mp4`);
const { size } = footage.info;

/**
 * The camera that sees `degrees` from the left edge to the right one.
 *
 * @param {number} degrees
 */
function cameraOf(degrees) {
  const focal = size.width / 2 / Math.tan((degrees / 360) * Math.PI);
  return { ...size, fx: focal, fy: focal, cx: (size.width - 1) / 2, cy: (size.height - 1) / 2 };
}

const intrinsics = positionals[0]
  ? (footage.info.intrinsics ?? cameraOf(Number(values.fov ?? 70)))
  : await readIntrinsics(`${sample}calib.txt`, size);
const model = await openModel('tc-depth-lite');
const fallback = await openModel('tc-depth-lite-single');
// The same stream opens in Foxglove and Lichtblick, at ws://…/foxglove.
const door = foxgloveDoor();
const server = await startServer({ streams: ['dashcam'], port: Number(values.port), doors: [door] });
door.follow(server);
console.log(`${server.url}/?view=cloud`);

const frames = framesOf(footage, {
  stream: 'dashcam',
  size: model.inputSize(size),
  intrinsics,
  realTime: true,
  loop: values.frames === undefined,
  maxFrames: values.frames === undefined ? undefined : Number(values.frames),
});
const depth = depthStream(frames, { model, fallback }).pipe(broadcast(server.hub('dashcam')));
process.once('SIGINT', () => void server.close().then(() => process.exit()));
await lastValueFrom(depth, { defaultValue: undefined });
console.log(`${server.status()[0]?.frames} frames shown`);
await Promise.all([server.close(), model.close(), fallback.close()]);
