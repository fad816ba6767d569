import { lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DepthcastError } from '../../frames/index.ts';
import { redact } from '../ffmpeg/redact.ts';
import { type Footage, type FrameSource, isCamera } from './frame-source.ts';
import { hls } from './hls.ts';
import { imageSequence } from './image-sequence.ts';
import { kittiOdometry } from './kitti-odometry.ts';
import { kittiRaw } from './kitti-raw.ts';
import { mcap } from './mcap.ts';
import { mjpeg } from './mjpeg.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';
import { rtmp } from './rtmp.ts';
import { rtsp } from './rtsp.ts';
import { stdin } from './stdin.ts';
import { videoFile } from './video-file.ts';
import { webcam } from './webcam.ts';

/** Every kind of source, in the order in which a place is shown to them: the special before the general. */
export const sourceKinds: readonly SourceKind[] = [
  stdin,
  rtsp,
  rtmp,
  hls,
  mjpeg,
  webcam,
  kittiOdometry,
  kittiRaw,
  imageSequence,
  mcap,
  videoFile,
];

/** Words that `--layout` takes. */
export const sourceLayouts: readonly string[] = sourceKinds.flatMap((kind) => kind.layouts);

/**
 * Opens what a SOURCE text names: `-` (stdin), `rtsp://…`, `rtmp://…`, `http://…` (MJPEG, HLS), `webcam:0`, a video file, a picture, a folder of pictures, a pattern such
 * as `drive/*.png`, a KITTI odometry or raw folder. What is there is looked at in this order: `-`; an existing path (so
 * `concat:x.mp4` may be a file's name); a URL; a pattern.
 *
 * Throws a DepthcastError: `input-not-found`, `input-empty`, `input-not-regular` (pipes, devices, sockets and links to
 * them), `input-refused` (any other URL), `input-no-pictures`, `option-invalid` (unknown layout), and what the kind
 * itself throws. No message holds a password.
 */
export async function openSource(spec: string, options: OpenOptions = {}): Promise<FrameSource> {
  const { layout, signal } = options;
  const forced = layout === undefined ? undefined : sourceKinds.find((kind) => kind.layouts.includes(layout));
  if (layout !== undefined && !forced) {
    throw new DepthcastError('option-invalid', `The layout "${layout}" is not known.`, {
      advice: `Use one of ${sourceLayouts.join(', ')}.`,
    });
  }
  signal?.throwIfAborted();
  const place = await placeOf(spec);
  const kind = forced ?? sourceKinds.find((candidate) => candidate.recognises(place));
  if (!kind) throw refused(spec);
  return kind.open(place, options);
}

/** The same for whoever needs an end: throws `option-invalid` for a camera. */
export async function openFootage(spec: string, options: OpenOptions = {}): Promise<Footage> {
  const source = await openSource(spec, options);
  if (!isCamera(source)) return source;
  throw new DepthcastError('option-invalid', `${source.info.address} is live, and footage that ends is needed.`, {
    advice: 'Use depthcast serve, or record the source to a file first.',
  });
}

/** Looks at what a text names, without opening it and without the network. */
async function placeOf(spec: string): Promise<Place> {
  if (spec === '-') return { kind: 'stdin' };
  if (spec === '' || spec.includes('\0')) throw notFound(spec);
  const found = await lstat(spec).catch(() => undefined);
  if (found) return pathPlace(spec);
  if (/^webcam:/i.test(spec)) return webcamPlace(spec);
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(spec)?.[1]?.toLowerCase();
  if (scheme !== undefined) return urlPlace(spec, scheme);
  // ffmpeg's `subfile,,start,…,:name` has commas where others have a colon.
  if (/^[a-z]+,,/i.test(spec)) throw refused(spec);
  if (/[*?[]/.test(path.basename(spec))) return globPlace(spec);
  throw notFound(spec);
}

async function pathPlace(spec: string): Promise<Place> {
  // Never opened for this: to open a pipe waits for whoever writes into it.
  const found = await stat(spec).catch(() => undefined);
  if (!found) throw notFound(spec);
  const absolute = path.resolve(spec);
  if (found.isDirectory()) {
    const names = await readdir(absolute).catch((cause: unknown) => {
      throw new DepthcastError('input-not-found', `"${spec}" may not be read.`, {
        advice: 'Check its permissions.',
        cause,
      });
    });
    return { kind: 'directory', path: absolute, names };
  }
  if (found.isFile()) return { kind: 'file', path: absolute, bytes: found.size };
  throw new DepthcastError('input-not-regular', `"${spec}" is not a regular file.`, {
    advice: 'Give a file or folder; to read from a pipe use - and redirect it: depthcast run - < pipe',
  });
}

async function urlPlace(spec: string, scheme: string): Promise<Place> {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(spec) || !URL.canParse(spec) || /[\s\0]/.test(spec)) throw refused(spec);
  const url = new URL(spec);
  if (scheme === 'file') return pathPlace(fileURLToPath(url));
  if (/^(rtsps?|rtmps?|https?)$/.test(scheme) && url.hostname !== '') return { kind: 'url', url };
  throw refused(spec);
}

function webcamPlace(spec: string): Place {
  const { device = '', query = '' } = /^webcam:(?<device>[^?]*)\??(?<query>.*)$/is.exec(spec)?.groups ?? {};
  return { kind: 'webcam', device, wishes: new URLSearchParams(query) };
}

async function globPlace(spec: string): Promise<Place> {
  const directory = path.resolve(path.dirname(spec));
  const pattern = path.basename(spec);
  const fits = globExpression(pattern);
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => {
    throw notFound(spec);
  });
  const names = entries.filter((entry) => !entry.isDirectory() && fits.test(entry.name)).map((entry) => entry.name);
  return { kind: 'glob', path: directory, pattern, names };
}

/** `*`, `?` and `[a-z]` in a file name; everything else stands for itself. */
function globExpression(pattern: string): RegExp {
  const source = pattern.replace(
    /\[(!?)([^\]/]+)\]|[\s\S]/g,
    (piece, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
      if (piece === '*') return '.*';
      if (piece === '?') return '.';
      return piece.replace(/[.+^${}()|\\[\]/]/, '\\$&');
    },
  );
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return /^\b$/;
  }
}

/** What was given, as it may be repeated: with nothing of a login, however wrongly it was written. */
function shown(spec: string): string {
  return redact(spec.replace(/\p{Cc}/gu, '?').replace(/^([a-z][a-z0-9+.-]+:\/*).*@/is, '$1***@'));
}

function notFound(spec: string): DepthcastError {
  return new DepthcastError('input-not-found', `"${shown(spec)}" was not found.`, {
    advice: 'Check the path; a pattern belongs into quotes so that the shell leaves it alone.',
    facts: { source: shown(spec) },
  });
}

function refused(spec: string): DepthcastError {
  const source = shown(spec)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 120);
  return new DepthcastError('input-refused', `"${source}" is not a source that is opened.`, {
    advice: 'Give a file, a folder, a pattern, - for stdin, webcam:0, or an rtsp, rtmp or http URL of a camera.',
    facts: { source },
  });
}
