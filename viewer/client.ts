import { Connection } from './client/connection.ts';
import type { ConnectOptions, DepthClient } from './client/contract.ts';
import { streamAddress } from './client/stream-address.ts';

export type { CameraIntrinsics, Size } from '../frames/camera.ts';
export type { Consistency } from '../frames/depth-frame.ts';
export type { DepthKind, DepthMap } from '../frames/depth-map.ts';
export { DepthcastError } from '../frames/errors.ts';
export { type DepthQuantisation, type QuantisedDepth, valueOfCode } from '../frames/packed-depth.ts';
export {
  type StreamNews,
  type Subscription,
  VIEW_SIZES,
  type ViewSize,
  type ViewWish,
} from '../frames/subscription.ts';
export { type DepthCodec, type DepthMessage, decodeMessage, type PackedDepth } from '../frames/wire.ts';
export type { ConnectionState, ConnectOptions, DepthClient, WebSocketLike } from './client/contract.ts';
export { decodeFrame, type ReceivedFrame } from './client/received-frame.ts';

/**
 * Opens a stream of depth frames and keeps it open: a lost connection is tried again, with pauses that double from
 * half a second to ten and are shortened at random so that many viewers do not come back at once.
 *
 * `url` is the stream's, e.g. `ws://127.0.0.1:8080/streams/street` (http and https work as well); the address
 * `/streams` carries several at once, those named in `subscribe.streams`. Throws `option-invalid` for an address that
 * is none, or where there is no WebSocket.
 *
 * @example
 * for await (const frame of connect('ws://127.0.0.1:8080/streams/1', { WebSocket })) {
 *   console.log(frame.timestamp, frame.depthAt(320, 96));
 * }
 */
export function connect(url: string | URL, options: ConnectOptions = {}): DepthClient {
  return new Connection(streamAddress(url), options);
}
