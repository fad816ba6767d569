import { Command } from 'commander';
import { z } from 'zod';
import type { DepthcastError } from '../frames/index.ts';
import { type FrameSource, isCamera } from '../pipeline/sources/frame-source.ts';
import { openSource } from '../pipeline/sources/registry.ts';
import { check, text } from './options.ts';

const probeSchema = z.strictObject({ layout: text.optional(), json: z.boolean().default(false) });

/** `depthcast probe`: what the decoder sees of a source. */
export function probeCommand(done: (exitCode: number) => void): Command {
  return new Command('probe')
    .description('What the decoder sees of a source: size, rate, codec, timestamps, camera.')
    .argument('<source>', 'video file, - (stdin), rtsp:// URL, folder or glob of pictures, KITTI folder')
    .option('--layout <name>', 'what SOURCE is, where detection would be wrong')
    .option('--json', 'print one JSON object as the last line of stdout')
    .addHelpText('after', '\nExample:\n  $ depthcast probe drive.mp4\n')
    .action(async (source: string, given: Record<string, unknown>) => {
      done(await probe(source, await check(probeSchema, given)));
    });
}

async function probe(name: string, { layout, json }: z.infer<typeof probeSchema>): Promise<number> {
  const source = await openSource(name, { layout });
  const timestamps = await firstTimestamps(source);
  // Behind the frames: a camera is known only once it has played.
  const { names: _, ...info } = source.info;
  if (json) {
    const { intrinsics = null, fps = null, frameCount = null, codec = null } = info;
    process.stdout.write(`${JSON.stringify({ ...info, fps, frameCount, codec, intrinsics, timestamps })}\n`);
    return 0;
  }
  const camera = info.intrinsics;
  const rows: readonly (readonly [string, string])[] = [
    ['size', info.size ? `${info.size.width}x${info.size.height}` : 'not known'],
    ['rate', info.fps === undefined ? 'variable, or not stated' : `${Number(info.fps.toFixed(3))} frames a second`],
    ['frames', info.frameCount === undefined ? 'not known before decoding' : String(info.frameCount)],
    ['codec', info.codec ?? 'not stated'],
    ['times', timesText(timestamps)],
    ['kind', info.live ? 'live' : 'finite'],
    ['camera', camera ? `fx ${camera.fx}, fy ${camera.fy}, cx ${camera.cx}, cy ${camera.cy} pixels` : 'not known'],
    ['poses', info.hasPoses ? 'yes' : 'no'],
  ];
  for (const [label, text] of rows) process.stdout.write(`${label.padEnd(8)}${text}\n`);
  return 0;
}

/** How many frames are decoded to see their times. */
const LOOK_AT = 30;

/** Media times in seconds of the first frames, exact to the microsecond. */
async function firstTimestamps(source: FrameSource): Promise<number[]> {
  const times: number[] = [];
  const look = { stream: 'probe', size: { width: 64, height: 32 }, maxFrames: LOOK_AT };
  const frames = source.frames(look)[Symbol.asyncIterator]();
  let fault: DepthcastError | undefined;
  // A camera is tried for ever, but who asks what is there wants to know that nothing is.
  if (isCamera(source)) {
    source.onChange((status) => {
      if (status.fault === undefined || fault !== undefined) return;
      fault = status.fault;
      void frames.return?.();
    });
  }
  for (let next = await frames.next(); !next.done; next = await frames.next()) times.push(next.value.timestamp);
  if (fault !== undefined && times.length === 0) throw fault;
  return times;
}

function timesText(times: readonly number[]): string {
  const first = times[0];
  if (first === undefined) return 'none';
  const steps = times.slice(1).map((time, at) => (time - times[at]!) * 1000);
  if (steps.length === 0) return `one frame, at ${first.toFixed(6)} s`;
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  const range = most - least < 0.01 ? `${least.toFixed(3)}` : `${least.toFixed(3)} to ${most.toFixed(3)}`;
  return `first at ${first.toFixed(6)} s, then ${range} ms apart (${times.length} frames decoded)`;
}
