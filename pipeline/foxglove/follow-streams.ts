import type { DepthFrame } from '../../frames/index.ts';

/** A stream as its server hands it on. */
export interface FollowedStream {
  /** Tells each answer to `listener`; answers how to stop. */
  tap(listener: (frame: DepthFrame) => void): () => void;
  /** Books what was let go on the way on, by stage and reason. */
  lost?(stage: string, reason: string, count?: number): void;
}

/** A server with named streams that come and go. */
export interface FollowedServer {
  readonly streams: readonly string[];
  /** Called after a stream came or went; answers how to stop. */
  onStreams(listener: () => void): () => void;
  /** A stream of this moment. */
  hub(stream: string): FollowedStream;
}

/** What {@link followStreams} tells. */
export interface StreamsFollower {
  /** A stream is there; answers who is to be told its frames. */
  came(name: string, stream: FollowedStream): (frame: DepthFrame) => void;
  /** A stream is no more: its listener gets nothing more. */
  went(name: string): void;
}

/**
 * Taps each stream that a server has and each that it will have, until it goes or the returned function is called.
 * Nobody is told that a stream went when that is called: the streams are still there.
 */
export function followStreams(server: FollowedServer, follower: StreamsFollower): () => void {
  const taps = new Map<string, { readonly stream: FollowedStream; readonly stop: () => void }>();
  const update = (): void => {
    for (const [name, { stream, stop }] of taps) {
      // A stream that was removed and added again under its name is another.
      if (server.streams.includes(name) && server.hub(name) === stream) continue;
      stop();
      taps.delete(name);
      follower.went(name);
    }
    for (const name of server.streams) {
      if (taps.has(name)) continue;
      const stream = server.hub(name);
      taps.set(name, { stream, stop: stream.tap(follower.came(name, stream)) });
    }
  };
  const stop = server.onStreams(update);
  update();
  return () => {
    stop();
    for (const tap of taps.values()) tap.stop();
    taps.clear();
  };
}
