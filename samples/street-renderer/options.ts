import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

/** What the program was asked for. */
export interface Options {
  readonly seed: number;
  readonly frames: number;
  /** The first frame to render, to go on after a stop. */
  readonly first: number;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly out: string;
  /** Rays through each pixel of the colour picture. */
  readonly samples: number;
  /** Write the depth of every how-manieth frame; the first is always written. */
  readonly depthEvery: number;
  readonly workers: number;
}

export const usage = `Renders a drive through a street that does not exist, with its exact depth.

  --seed N         another seed is another street (1)
  --frames N       how many pictures (150)
  --first N        begin with this frame: to go on after a stop (0)
  --fps N          pictures a second (15)
  --size WxH       size in pixels, both even (640x192)
  --out DIR        where to (street)
  --samples N      rays through each pixel (6)
  --depth-every N  write the depth of every Nth frame (1)
  --workers N      threads (as many as cores)

FFMPEG_PATH names the ffmpeg binary; else ffmpeg is taken from PATH.
`;

/** Reads the command line; throws an Error with one sentence where it makes no sense. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      frames: { type: 'string', default: '150' },
      first: { type: 'string', default: '0' },
      fps: { type: 'string', default: '15' },
      size: { type: 'string', default: '640x192' },
      out: { type: 'string', default: 'street' },
      samples: { type: 'string', default: '6' },
      'depth-every': { type: 'string', default: '1' },
      workers: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const whole = (name: 'seed' | 'frames' | 'first' | 'samples' | 'depth-every' | 'workers', least: number): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= least) return value;
    throw new Error(`--${name} must be a whole number from ${least} on, not "${values[name]}".`);
  };
  const fps = Number(values.fps);
  if (!(fps > 0 && fps <= 1000)) throw new Error(`--fps must be a number above 0, not "${values.fps}".`);
  const size = /^(\d+)x(\d+)$/.exec(values.size);
  const [width, height] = [Number(size?.[1]), Number(size?.[2])];
  if (!(width >= 16 && height >= 16 && width % 2 === 0 && height % 2 === 0)) {
    throw new Error(`--size must be two even numbers such as 640x192, not "${values.size}".`);
  }
  const [frames, first] = [whole('frames', 1), whole('first', 0)];
  if (first >= frames) throw new Error(`--first must be less than --frames, not ${first} of ${frames}.`);
  return {
    seed: whole('seed', 0),
    frames,
    first,
    fps,
    width,
    height,
    out: values.out,
    samples: whole('samples', 1),
    depthEvery: whole('depth-every', 1),
    workers: whole('workers', 1),
  };
}
