import { WebSocket } from 'ws';
import { subscribeText, type ViewWish, WIRE_PROTOCOL } from '../frames/index.ts';

/*
 * Many viewers in a process of their own: each takes its messages off its WebSocket and counts them, nothing more, so
 * that what is measured is the server and not two hundred browsers on the same machine.
 */

/** What the crowd is told by its arguments. */
export interface CrowdOrder {
  readonly url: string;
  readonly viewers: number;
  readonly wish: Partial<ViewWish>;
}

/** What it answers each time it is asked: what came since the last time. */
export interface CrowdCount {
  readonly messages: number;
  readonly bytes: number;
  /** Messages of the viewer that got the fewest and of the one that got the most. */
  readonly fewest: number;
  readonly most: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as CrowdOrder;
const counts = new Array<number>(order.viewers).fill(0);
let bytes = 0;
let open = 0;

for (let i = 0; i < order.viewers; i++) {
  const socket = new WebSocket(order.url, [WIRE_PROTOCOL], { perMessageDeflate: false });
  socket.on('open', () => {
    socket.send(subscribeText(order.wish));
    if (++open === order.viewers) process.send?.('open');
  });
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return;
    counts[i]!++;
    bytes += data.length;
  });
  socket.on('error', () => process.exit(1));
  socket.on('close', () => process.exit(1));
}

process.on('message', () => {
  const messages = counts.reduce((sum, count) => sum + count, 0);
  process.send?.({ messages, bytes, fewest: Math.min(...counts), most: Math.max(...counts) } satisfies CrowdCount);
  counts.fill(0);
  bytes = 0;
});
process.on('disconnect', () => process.exit(0));
