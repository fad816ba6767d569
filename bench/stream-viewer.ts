import { WebSocket } from 'ws';
import { decodeMessage, WIRE_PROTOCOL } from '../frames/index.ts';

/*
 * A viewer in a process of its own: takes depth messages off a WebSocket as a browser would and reports each to the
 * bench that started it. Reading happens here, so that it costs the measured process nothing.
 */

/** What the viewer tells its parent of each message. */
export interface Seen {
  readonly sequence: number;
  readonly bytes: number;
  /** Milliseconds from the decoder to here, by the clock of this machine. */
  readonly ageMs: number;
  readonly hasPicture: boolean;
}

const url = process.argv[2];
if (url === undefined) throw new Error('Started without an address.');
const socket = new WebSocket(url, [WIRE_PROTOCOL]);
socket.binaryType = 'arraybuffer';
socket.on('open', () => process.send?.('open'));
socket.on('message', (data) => {
  if (!(data instanceof ArrayBuffer)) return;
  const message = decodeMessage(new Uint8Array(data));
  const ageMs = performance.timeOrigin + performance.now() - message.capturedAt;
  const hasPicture = message.picture.length > 0;
  process.send?.({ sequence: message.sequence, bytes: data.byteLength, ageMs, hasPicture } satisfies Seen);
});
socket.on('close', () => process.exit(0));
socket.on('error', () => process.exit(1));
process.on('disconnect', () => process.exit(0));
