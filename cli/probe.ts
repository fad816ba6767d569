import { Command } from 'commander';
import { z } from 'zod';
import { openSource } from '../pipeline/sources/registry.ts';
import { check, text } from './options.ts';

const probeSchema = z.strictObject({ layout: text.optional(), json: z.boolean().default(false) });

/** `depthcast probe`: what the decoder sees of a source. */
export function probeCommand(done: (exitCode: number) => void): Command {
  return new Command('probe')
    .description('What the decoder sees of a source: size, rate, codec, camera.')
    .argument('<source>', 'video file, - (stdin), rtsp:// URL, folder or glob of pictures, KITTI folder')
    .option('--layout <name>', 'what SOURCE is, where detection would be wrong')
    .option('--json', 'print one JSON object as the last line of stdout')
    .addHelpText('after', '\nExample:\n  $ depthcast probe drive.mp4\n')
    .action(async (source: string, given: Record<string, unknown>) => {
      done(await probe(source, await check(probeSchema, given)));
    });
}

async function probe(name: string, { layout, json }: z.infer<typeof probeSchema>): Promise<number> {
  const { names: _, ...info } = (await openSource(name, { layout })).info;
  if (json) {
    const { intrinsics = null, fps = null, frameCount = null, codec = null } = info;
    process.stdout.write(`${JSON.stringify({ ...info, fps, frameCount, codec, intrinsics })}\n`);
    return 0;
  }
  const camera = info.intrinsics;
  const rows: readonly (readonly [string, string])[] = [
    ['size', `${info.size.width}x${info.size.height}`],
    ['rate', info.fps === undefined ? 'variable, or not stated' : `${Number(info.fps.toFixed(3))} frames a second`],
    ['frames', info.frameCount === undefined ? 'not known before decoding' : String(info.frameCount)],
    ['codec', info.codec ?? 'not stated'],
    ['kind', info.live ? 'live' : 'finite'],
    ['camera', camera ? `fx ${camera.fx}, fy ${camera.fy}, cx ${camera.cx}, cy ${camera.cy} pixels` : 'not known'],
    ['poses', info.hasPoses ? 'yes' : 'no'],
  ];
  for (const [label, text] of rows) process.stdout.write(`${label.padEnd(8)}${text}\n`);
  return 0;
}
