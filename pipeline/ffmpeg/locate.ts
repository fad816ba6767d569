import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';

/** The ffmpeg program that decodes, and how it was found. */
export interface FfmpegBinary {
  /** Absolute path, or the text of FFMPEG_PATH. */
  readonly path: string;
  readonly origin: 'FFMPEG_PATH' | 'system' | 'bundled';
  /** As the program states it, e.g. `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** Version of its libavformat, the one number that git builds state as well. 59.27 is ffmpeg 5.1. */
  readonly libavformat: { readonly major: number; readonly minor: number };
  /** A sentence for whoever opens network input with it: set for programs older than 5.1. */
  readonly networkWarning?: string | undefined;
}

const ADVICE =
  'Install ffmpeg 5.1 or newer (Debian, Ubuntu: apt install ffmpeg), or set FFMPEG_PATH to one, ' +
  'or install without --omit=optional so that the bundled one is there.';

const found = new Map<string, Promise<FfmpegBinary>>();

/**
 * Finds ffmpeg: FFMPEG_PATH where it is set, else a system ffmpeg of at least 5.1 on PATH, else the binary of the
 * optional package `@ffmpeg-installer/ffmpeg`. Asked once a process and environment.
 *
 * Throws `ffmpeg-missing`. A FFMPEG_PATH that does not run is an error, never passed over.
 */
export function locateFfmpeg(env: NodeJS.ProcessEnv = process.env): Promise<FfmpegBinary> {
  const key = `${env['FFMPEG_PATH'] ?? ''}\n${env['PATH'] ?? ''}`;
  const known = found.get(key);
  if (known) return known;
  const search = locate(env);
  found.set(key, search);
  // A failure is not remembered: the user may install ffmpeg while we run.
  search.catch(() => found.delete(key));
  return search;
}

async function locate(env: NodeJS.ProcessEnv): Promise<FfmpegBinary> {
  const named = env['FFMPEG_PATH'];
  if (named !== undefined && named !== '') {
    const binary = await identify(named, 'FFMPEG_PATH');
    if (binary) return binary;
    throw new DepthcastError('ffmpeg-missing', `FFMPEG_PATH is "${named}", which does not run as ffmpeg.`, {
      advice: 'Correct FFMPEG_PATH or unset it.',
      facts: { path: named },
    });
  }
  const onPath = await findOnPath(env['PATH'] ?? '');
  const system = onPath === undefined ? undefined : await identify(onPath, 'system');
  if (system && atLeast51(system.libavformat)) return system;
  const bundled = await bundledPath();
  const packaged = bundled === undefined ? undefined : await identify(bundled, 'bundled');
  if (packaged) return packaged;
  const seen = system ? ` ffmpeg ${system.version} on PATH is too old.` : '';
  throw new DepthcastError('ffmpeg-missing', `No usable ffmpeg was found.${seen}`, {
    advice: ADVICE,
    facts: { system: system?.version },
  });
}

async function findOnPath(searched: string): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  for (const directory of searched.split(path.delimiter)) {
    if (directory === '') continue;
    const candidate = path.join(directory, name);
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

/** Path of the optional package's binary, or `undefined` where it was not installed or does not know this platform. */
export async function bundledPath(): Promise<string | undefined> {
  try {
    const installer: unknown = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg');
    const file = (installer as { path?: unknown }).path;
    return typeof file === 'string' ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `-version` of a program and reads who it is; `undefined` where it does not run or is no ffmpeg. */
export async function identify(file: string, origin: FfmpegBinary['origin']): Promise<FfmpegBinary | undefined> {
  const text = await new Promise<string>((resolve) => {
    execFile(file, ['-version'], { timeout: 5000, killSignal: 'SIGKILL' }, (error, stdout) =>
      resolve(error ? '' : stdout),
    );
  });
  const version = /^ffmpeg version (\S+)/m.exec(text)?.[1];
  const lib = /^libavformat\s+(\d+)\.\s*(\d+)/m.exec(text);
  if (version === undefined || !lib) return undefined;
  const libavformat = { major: Number(lib[1]), minor: Number(lib[2]) };
  const networkWarning = atLeast51(libavformat)
    ? undefined
    : `ffmpeg ${version} is older than 5.1 and has known holes; use a newer one for input from a network.`;
  return { path: file, origin, version, libavformat, networkWarning };
}

function atLeast51(lib: FfmpegBinary['libavformat']): boolean {
  return lib.major > 59 || (lib.major === 59 && lib.minor >= 27);
}
