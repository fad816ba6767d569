// An alarm when something stands in the way of a camera, as one RxJS operator.
// Usage: node samples/obstacle-alarm.mjs [rtsp://192.168.1.20:554/stream1] [options]
//
// An address with a password goes into the variable CAMERA instead: every user of the machine may read command lines.
// Without any the sample drive plays, at its own pace. --metres 16: how near is too near; --height 1.65: metres of
// the camera over the ground; --intrinsics fx,fy,cx,cy@WxH (or a file): the camera; --frames 100: then it ends.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DepthcastError, depthStream, framesOf, isCamera, openIntrinsics, openModel, openSource } from 'depthcast';
import { defer, distinctUntilChanged, lastValueFrom, map, tap } from 'rxjs';

/** @typedef {{ readonly seconds: number, readonly metres: number, readonly alarm: boolean }} Distance */

/**
 * Tells when the nearest thing in a corridor straight ahead comes closer than `metres`, and when it has gone again.
 *
 * The corridor is 2 m wide and reaches from 0.4 m over the ground up to the camera and half a metre more. A few stray
 * pixels make no alarm: the hundredth-nearest of them counts. It is off again at 1.2 times the distance, so that it does
 * not flutter. Frames without a known camera or without metres make no alarm.
 *
 * @param {number} metres
 * @param {number} height of the camera over the ground, in metres
 * @returns {import('rxjs').OperatorFunction<import('depthcast').DepthFrame, Distance>}
 */
function obstacleAlarm(metres, height) {
  return (answers) =>
    defer(() => {
      let alarm = false;
      return answers.pipe(
        map(({ frame, depth }) => {
          const nearest = depth.kind === 'metric' ? nearestAhead(depth, frame.intrinsics, height) : Infinity;
          alarm = nearest < metres * (alarm ? 1.2 : 1);
          return { seconds: frame.timestamp, metres: nearest, alarm };
        }),
        distinctUntilChanged((before, now) => before.alarm === now.alarm),
      );
    });
}

/**
 * Metres to the hundredth-nearest pixel of the corridor.
 *
 * @param {import('depthcast').DepthMap} depth
 * @param {import('depthcast').CameraIntrinsics | undefined} camera
 * @param {number} height
 */
function nearestAhead({ data, width }, camera, height) {
  if (!camera) return Infinity;
  const inTheWay = [];
  for (let i = 0; i < data.length; i++) {
    const z = data[i] ?? Number.NaN;
    const right = (((i % width) - camera.cx) * z) / camera.fx;
    const down = ((Math.floor(i / width) - camera.cy) * z) / camera.fy;
    // Comparisons with NaN, which is unknown depth, are false.
    if (Math.abs(right) < 1 && down < height - 0.4 && down > -0.5) inTheWay.push(z);
  }
  return Float32Array.from(inTheWay).sort()[99] ?? Infinity;
}

// Whatever fails says what happened and what to do.
process.once('uncaughtException', (error) => {
  console.error(error.message, error instanceof DepthcastError ? error.advice : '');
  process.exit(1);
});

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    metres: { type: 'string', default: '16' },
    height: { type: 'string', default: '1.65' },
    intrinsics: { type: 'string' },
    frames: { type: 'string' },
  },
});
const sample = fileURLToPath(new URL('street/', import.meta.url));
const given = positionals[0] ?? process.env['CAMERA'];
const source = await openSource(given ?? `${sample}street.mp4`);
// Without the numbers of the camera metres are a guess: as wide a view as KITTI's.
const guess = { focal: 370, width: 640 };
const calibration = values.intrinsics ?? (given ? undefined : `${sample}calib.txt`);
const cameraAt = calibration ? await openIntrinsics(calibration) : undefined;

const model = await openModel('tc-depth-lite');
const fallback = await openModel('tc-depth-lite-single');
const common = { stream: 'ahead', maxFrames: values.frames === undefined ? undefined : Number(values.frames) };

/**
 * @param {import('depthcast').Size} footage
 * @returns {import('depthcast').CameraIntrinsics}
 */
function intrinsics(footage) {
  if (cameraAt) return cameraAt(footage);
  const focal = (guess.focal * footage.width) / guess.width;
  return { ...footage, fx: focal, fy: focal, cx: (footage.width - 1) / 2, cy: (footage.height - 1) / 2 };
}

// The size of a camera's pictures is known when the first one comes: what depends on it is a function there.
const frames = isCamera(source)
  ? framesOf(source, { ...common, intrinsics, size: (footage) => model.inputSize(footage) })
  : framesOf(source, {
      ...common,
      intrinsics: source.info.intrinsics ?? intrinsics(source.info.size),
      size: model.inputSize(source.info.size),
      realTime: true,
    });
// The address is told without user and password.
if (isCamera(source)) {
  source.onChange(({ state, fault }) => console.error(`${source.info.address}: ${state} ${fault?.message ?? ''}`));
}

// Ctrl-C ends the process and ffmpeg with it.
const distances = depthStream(frames, { model, fallback, live: isCamera(source) }).pipe(
  obstacleAlarm(Number(values.metres), Number(values.height)),
  tap(({ seconds, metres, alarm }) => {
    const where = Number.isFinite(metres) ? `${metres.toFixed(1)} m ahead` : 'nothing ahead';
    console.log(`${seconds.toFixed(2)} s  ${alarm ? 'ALARM ' : 'clear '} ${where}`);
  }),
);
await lastValueFrom(distances, { defaultValue: undefined });
await Promise.all([model.close(), fallback.close()]);
