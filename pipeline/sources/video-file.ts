import { open as openFile } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { probeMedia } from '../ffmpeg/media-info.ts';
import { fileInput, rawOutput } from '../ffmpeg/recipe.ts';
import type { FrameSource } from './frame-source.ts';
import { judgeMovie } from './reading/movie-ending.ts';
import { movieInfo } from './reading/movie-info.ts';
import { ffmpegFor } from './reading/opened-ffmpeg.ts';
import { playPictures } from './reading/play-pictures.ts';
import { sourceOf } from './reading/read-frames.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/** Milliseconds that a file may take to give its first picture. */
const OPEN_TIMEOUT = 4000;

/**
 * A video file: MP4, MOV, MKV, WebM, AVI, MPEG-TS, raw H.264 or H.265. Every frame with its exact time, whatever the
 * rate does; a file that is cut off gives what decodes and then `input-truncated`.
 */
export const videoFile: SourceKind = {
  layouts: ['video'],
  summary: 'a video file (MP4, MOV, MKV, WebM, AVI, MPEG-TS, raw H.264/H.265)',
  recognises: (place) => place.kind === 'file',
  open,
};

async function open(place: Place, options: OpenOptions): Promise<FrameSource> {
  if (place.kind !== 'file') {
    throw new DepthcastError('input-not-regular', 'A video file was asked for, but this is no file.', {
      advice: 'Name a video file.',
    });
  }
  const subject = `"${path.basename(place.path)}"`;
  if (place.bytes === 0) {
    throw new DepthcastError('input-empty', `${subject} is empty.`, {
      advice: 'Copy the file again.',
      facts: { path: place.path },
    });
  }
  const { binary, capabilities } = await ffmpegFor(options);
  const input = fileInput(place.path);
  const media = await probeMedia(binary, capabilities, {
    inputOptions: input.options,
    input: input.target,
    subject,
    timeoutMs: OPEN_TIMEOUT,
    signal: options.signal,
  }).catch(async (error: unknown) => {
    // Random bytes can pass for an MP4 whose index is missing; a real one names its first box.
    const cutOff = error instanceof DepthcastError && error.code === 'input-truncated';
    if (!cutOff || (await beginsWithBox(place.path))) throw error;
    throw new DepthcastError('input-format', `${subject} is not video that can be decoded.`, {
      advice: 'Give an MP4, MOV, MKV, WebM, AVI, MPEG-TS or raw H.264/H.265 file.',
      facts: error.facts,
    });
  });
  return sourceOf({
    info: movieInfo(media),
    play({ size, resize, signal }) {
      const request = {
        inputOptions: input.options,
        input: input.target,
        outputOptions: rawOutput(capabilities, size, resize),
        live: false,
      };
      return playPictures(binary, request, signal, (ending) => judgeMovie(subject, media, ending));
    },
  });
}

/** Whether a file begins with a box that MP4 and MOV files begin with. */
async function beginsWithBox(file: string): Promise<boolean> {
  const handle = await openFile(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    return ['ftyp', 'moov', 'mdat', 'free', 'wide', 'skip', 'pnot'].includes(buffer.toString('latin1', 4, 8));
  } finally {
    await handle.close();
  }
}
