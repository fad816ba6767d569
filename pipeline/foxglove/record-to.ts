import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DepthcastError, type DepthFrame } from '../../frames/index.ts';
import { makeFolder } from '../files/atomic-file.ts';
import { lockFolder } from '../files/folder-lock.ts';
import { type FollowedServer, type FollowedStream, followStreams } from './follow-streams.ts';
import { recoverMcap } from './mcap/recover.ts';
import { foxgloveProfile } from './messages/foxglove-profile.ts';
import { topicKinds } from './messages/profile.ts';
import { ros2Profile } from './messages/ros2-profile.ts';
import { type ContentOptions, checkContentOptions } from './messages/stream-content.ts';
import { type RecordingLoss, StreamRecording, type StreamRecordingStatus } from './stream-recording.ts';

/** How {@link recordTo} records. */
export interface RecordOptions extends Omit<ContentOptions, 'clock'> {
  /** A file that has grown so large, in bytes, is ended and the next one begun (1 GB). */
  readonly maxBytes?: number | undefined;
  /** The same for its length in seconds (600). */
  readonly maxSeconds?: number | undefined;
  /** `ros2` writes sensor_msgs for ROS tools; `foxglove` (default) what Foxglove and Lichtblick know best. */
  readonly profile?: 'foxglove' | 'ros2' | undefined;
  /** Kinds of topics to record, all by default: image, calibration, depth, metres, points, consistency, tf, log. */
  readonly topics?: readonly string[] | undefined;
  /** Told of each file that could not be mended or written; a stream is tried again after half a minute. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What a recorder has done so far. */
export interface RecorderStatus {
  readonly streams: readonly StreamRecordingStatus[];
  /** Recordings of an earlier run that was killed, mended at the start. */
  readonly recovered: readonly string[];
}

/** A running recording of any number of streams. */
export interface Recorder {
  /**
   * Records the streams of a server from now on, those that come later, too; what a disk costs is told to each stream.
   * To be called once; {@link close} ends it.
   */
  follow(server: FollowedServer): void;
  /** Takes a stream's next frame. Returns at once and never throws; a disk that is too slow loses frames, counted. */
  tap(stream: string, frame: DepthFrame): void;
  /** Ends the file of a stream that has no more frames; one that comes again gets a new file. Never rejects. */
  end(stream: string): Promise<void>;
  /** The counters so far, a line a stream. */
  status(): RecorderStatus;
  /** Writes what waits, ends all files and lets the folder go. */
  close(): Promise<void>;
}

/**
 * Records what streams publish into `DIR/STREAM-YYYYMMDDTHHMMSSZ.mcap`, a new file whenever one is large or long enough.
 *
 * What a killed recorder left behind is mended first, where that is possible; one recorder at a time may hold a folder. Times are wall-clock
 * times of the pictures (UTC). Rejects with `output-failed`, `output-exists` and `option-invalid`.
 */
export async function recordTo(dir: string, options: RecordOptions = {}): Promise<Recorder> {
  const { maxBytes = 1e9, maxSeconds = 600, profile = 'foxglove', topics, onError = () => {}, ...content } = options;
  checkContentOptions(content);
  const kinds = topics && topicKinds(topics);
  for (const [name, value] of Object.entries({ maxBytes, maxSeconds })) {
    if (value > 0) continue;
    throw new DepthcastError('option-invalid', `The option ${name} is ${value}.`, { advice: 'Give a number above 0.' });
  }
  await makeFolder(dir);
  const unlock = await lockFolder(dir);
  const recovered: string[] = [];
  for (const name of (await readdir(dir)).filter((file) => file.endsWith('.mcap')).sort()) {
    try {
      if ((await recoverMcap(join(dir, name))) !== undefined) recovered.push(name);
    } catch (error) {
      // A disk that is full has no room to mend anything on; that must keep nobody from starting.
      onError(error);
    }
  }
  const file = {
    pointStride: 4,
    ...content,
    clock: 'wall',
    kinds,
    profile: profile === 'ros2' ? ros2Profile : foxgloveProfile,
    library: 'depthcast',
  } as const;
  const streams = new Map<string, StreamRecording>();
  const ending = new Set<Promise<void>>();
  let closed: Promise<void> | undefined;
  let stopFollowing = (): void => {};
  const tap = (stream: string, frame: DepthFrame, from?: FollowedStream): void => {
    if (closed) return;
    let recording = streams.get(stream);
    if (!recording) {
      const onLost = (reason: RecordingLoss, count: number): void => from?.lost?.('record', reason, count);
      recording = new StreamRecording(dir, { ...file, stream }, { maxBytes, maxSeconds }, onError, onLost);
      streams.set(stream, recording);
    }
    recording.add(frame);
  };
  const end = (stream: string): Promise<void> => {
    const recording = streams.get(stream);
    if (!recording || closed) return Promise.resolve();
    streams.delete(stream);
    const ended = recording.close().finally(() => ending.delete(ended));
    ending.add(ended);
    return ended;
  };
  return {
    follow(server) {
      stopFollowing = followStreams(server, {
        came: (name, stream) => (frame) => tap(name, frame, stream),
        went: (name) => void end(name),
      });
    },
    tap: (stream, frame) => tap(stream, frame),
    end,
    status: () => ({ streams: [...streams.values()].map((recording) => recording.status()), recovered }),
    close() {
      stopFollowing();
      closed ??= Promise.all([...ending, ...[...streams.values()].map((recording) => recording.close())]).then(unlock);
      return closed;
    },
  };
}
