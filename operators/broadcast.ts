import { type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { DepthFrame } from '../frames/index.ts';
import type { DepthHub } from './depth-hub.ts';

/** What {@link broadcast} tells. */
export interface BroadcastOptions {
  /** Called when the hub threw for a frame; the stream goes on. */
  readonly onError?: ((error: unknown, frame: DepthFrame) => void) | undefined;
}

/** Gives each depth frame to a hub and passes it on unchanged; a hub that throws never breaks the stream. */
export function broadcast(hub: DepthHub, options: BroadcastOptions = {}): MonoTypeOperatorFunction<DepthFrame> {
  return tap((frame) => {
    try {
      hub.publish(frame);
    } catch (error) {
      options.onError?.(error, frame);
    }
  });
}
