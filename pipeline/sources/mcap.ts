import path from 'node:path';
import sharp from 'sharp';
import { DepthcastError, type Size } from '../../frames/index.ts';
import { MAX_PIXELS } from '../ffmpeg/recipe.ts';
import { type CameraTrack, findCameraTrack, topicMessages } from '../foxglove/mcap/camera-track.ts';
import { mcapState } from '../foxglove/mcap/mcap-records.ts';
import { PICTURES, type PictureMessage } from '../foxglove/mcap/picture-messages.ts';
import type { FrameSource } from './frame-source.ts';
import { type Picture, type PlayRequest, sourceOf } from './reading/read-frames.ts';
import { scaledPixels } from './reading/scaled-pixels.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/** A time beyond this is a date, not a time in some footage: 2001, in nanoseconds. */
const DATE = 1_000_000_000_000_000_000n;

/**
 * An MCAP recording, by depthcast or by ROS 2: pictures of `foxglove.CompressedImage`, `foxglove.RawImage`,
 * `sensor_msgs/CompressedImage` or `sensor_msgs/Image` (rgb8, bgr8, mono8), the first such topic by name. Times are those
 * the pictures state, counted from the first where they are dates; the camera is that of the calibration beside them.
 *
 * A recording that was cut off, or is damaged, plays up to where it is whole and then ends with `input-truncated`.
 */
export const mcap: SourceKind = {
  layouts: ['mcap'],
  summary: 'an MCAP recording with pictures (Foxglove or ROS 2 messages)',
  recognises: (place) => place.kind === 'file' && place.path.toLowerCase().endsWith('.mcap'),
  open,
};

async function open(place: Place, options: OpenOptions): Promise<FrameSource> {
  if (place.kind !== 'file') {
    throw new DepthcastError('input-not-regular', 'An MCAP recording was asked for, but this is no file.', {
      advice: 'Name a file.',
    });
  }
  const file = place.path;
  const subject = `"${path.basename(file)}"`;
  if (place.bytes === 0) {
    throw new DepthcastError('input-empty', `${subject} is empty.`, { advice: 'Copy it again.', facts: { file } });
  }
  const state = await mcapState(file);
  if (state === 'other') {
    throw new DepthcastError('input-format', `${subject} is no MCAP file.`, {
      advice: 'Give an MCAP file, or force what it is with --layout.',
      facts: { file },
    });
  }
  const track = await findCameraTrack(file);
  if (!track) {
    throw new DepthcastError('input-no-pictures', `${subject} holds no pictures that can be read.`, {
      advice: 'It needs CompressedImage or Image messages of Foxglove or ROS 2; compressed video is not read.',
      facts: { file },
    });
  }
  const first = await pictureOf(subject, track, track.first);
  options.signal?.throwIfAborted();
  return sourceOf({
    info: {
      live: false,
      size: first.size,
      frameCount: track.count,
      codec: first.codec,
      intrinsics: track.intrinsics,
      hasPoses: false,
    },
    play: (request) => play(file, subject, track, first.size, state === 'whole', request),
  });
}

async function* play(
  file: string,
  subject: string,
  track: CameraTrack,
  size: Size,
  whole: boolean,
  request: PlayRequest,
): AsyncGenerator<Picture, void, void> {
  let damage: unknown;
  let ordinal = 0;
  let origin: bigint | undefined;
  let last: bigint | undefined;
  const messages = topicMessages(file, track.topic, (error) => {
    damage = error;
  });
  for await (const { logTime, data } of messages) {
    if (request.signal.aborted) return;
    const message = read(subject, track, data);
    const time = message.time > 0n || logTime === 0n ? message.time : logTime;
    origin ??= time > DATE ? time : 0n;
    if (last !== undefined && time <= last) throw backwards(subject, ordinal, time, last);
    last = time;
    // Pictures that are passed over need not be decoded.
    if (ordinal >= request.from) {
      const pixels = await decode(subject, message, size, request);
      if (request.signal.aborted) return;
      yield { ordinal, timestamp: Number(time - origin) / 1e9, pixels };
    }
    ordinal++;
  }
  if (damage instanceof DepthcastError) throw damage;
  if (damage === undefined && whole) return;
  const what = damage === undefined ? 'was not finished: it ends' : 'is damaged';
  throw new DepthcastError('input-truncated', `${subject} ${what} behind picture ${ordinal}.`, {
    advice: 'The pictures before it were delivered. serve --record mends what it finds unfinished in its folder.',
    facts: { file, delivered: ordinal },
    cause: damage,
  });
}

async function pictureOf(
  subject: string,
  track: CameraTrack,
  data: Uint8Array,
): Promise<{ size: Size; codec: string }> {
  const { content } = read(subject, track, data);
  if (content.kind === 'raw') return { size: { width: content.width, height: content.height }, codec: content.order };
  try {
    const { width, height, format } = await sharp(content.bytes, { limitInputPixels: MAX_PIXELS }).metadata();
    return { size: { width, height }, codec: format };
  } catch (cause) {
    throw notAPicture(subject, cause);
  }
}

function read(subject: string, { schema }: CameraTrack, data: Uint8Array): PictureMessage {
  try {
    return PICTURES[schema]!(data);
  } catch (cause) {
    throw notAPicture(subject, cause);
  }
}

async function decode(
  subject: string,
  { content }: PictureMessage,
  from: Size,
  { size: to, resize }: Pick<PlayRequest, 'size' | 'resize'>,
): Promise<Uint8Array<SharedArrayBuffer>> {
  try {
    const picture =
      content.kind === 'file'
        ? sharp(content.bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
        : sharp(tight(content), {
            raw: { width: content.width, height: content.height, channels: content.order === 'grey' ? 1 : 3 },
          });
    const { width, height } = await picture.metadata();
    if (width !== from.width || height !== from.height) {
      throw new DepthcastError('input-dimensions', `A picture of ${subject} is ${width}x${height}.`, {
        advice: `The first one was ${from.width}x${from.height}; the frames before it were delivered.`,
      });
    }
    return await scaledPixels(picture, from, to, resize);
  } catch (cause) {
    throw cause instanceof DepthcastError ? cause : notAPicture(subject, cause);
  }
}

/** Raw rows without what pads them, red first. */
function tight(content: Extract<PictureMessage['content'], { kind: 'raw' }>): Uint8Array {
  const { width, height, step, order, bytes } = content;
  const row = width * (order === 'grey' ? 1 : 3);
  if (step < row || bytes.length < step * (height - 1) + row) throw new Error('it has too few bytes');
  const out = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) out.set(bytes.subarray(y * step, y * step + row), y * row);
  if (order === 'bgr') {
    for (let i = 0; i < out.length; i += 3) {
      const blue = out[i]!;
      out[i] = out[i + 2]!;
      out[i + 2] = blue;
    }
  }
  return out;
}

function backwards(subject: string, ordinal: number, time: bigint, last: bigint): DepthcastError {
  const ms = Number(last - time) / 1e6;
  return new DepthcastError(
    'timestamps-invalid',
    `Picture ${ordinal} of ${subject} is ${ms} ms before its predecessor.`,
    {
      advice: 'The pictures before it were delivered; mcap sort puts the messages of a file in order.',
      facts: { ordinal },
    },
  );
}

function notAPicture(subject: string, cause: unknown): DepthcastError {
  const why = cause instanceof Error ? cause.message : '';
  return new DepthcastError('input-format', `A picture of ${subject} is damaged or cannot be read.`, {
    advice: 'The pictures before it were delivered.',
    facts: { why },
    cause,
  });
}
