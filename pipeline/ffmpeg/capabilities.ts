import { execFile } from 'node:child_process';
import { DepthcastError } from '../../frames/index.ts';
import type { FfmpegBinary } from './locate.ts';

/** What one ffmpeg program calls things and can do. */
export interface FfmpegCapabilities {
  /** Options that pass every frame with its own time: no duplicates, no drops. */
  readonly passthrough: readonly string[];
  /** Names of encoders, e.g. `libx264`. */
  readonly encoders: ReadonlySet<string>;
}

const known = new Map<string, Promise<FfmpegCapabilities>>();

/** Asks a program once a process what it can do. Throws `decoder-crashed` where it does not answer in 5 s. */
export function capabilitiesOf(binary: FfmpegBinary): Promise<FfmpegCapabilities> {
  const before = known.get(binary.path);
  if (before) return before;
  const probe = ask(binary);
  known.set(binary.path, probe);
  probe.catch(() => known.delete(binary.path));
  return probe;
}

async function ask(binary: FfmpegBinary): Promise<FfmpegCapabilities> {
  const [options, encoders] = await Promise.all([
    output(binary, ['-hide_banner', '-h', 'long']),
    output(binary, ['-hide_banner', '-encoders']),
  ]);
  return {
    // `-vsync` is deprecated since 5.1 and announced to go; programs before that know nothing else.
    passthrough: /^-fps_mode\b/m.test(options) ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'],
    encoders: new Set([...encoders.matchAll(/^\s[VAS][A-Z.]{5}\s+([\w-]+)\s/gm)].map((match) => match[1]!)),
  };
}

function output(binary: FfmpegBinary, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: 5000, killSignal: 'SIGKILL', maxBuffer: 1 << 24 } as const;
    execFile(binary.path, args, limits, (error, stdout) => {
      if (!error) return resolve(stdout);
      reject(
        new DepthcastError('decoder-crashed', `ffmpeg (${binary.path}) does not say what it can do.`, {
          advice: 'Set FFMPEG_PATH to another ffmpeg.',
          facts: { args },
          cause: error,
        }),
      );
    });
  });
}
