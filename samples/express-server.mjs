// Depth inside an Express server: the app asks the stream for metres, and its page shows the viewer's address.
// Usage: node samples/express-server.mjs [drive.mp4] [--port 3000] [--frames 100]
//
//   GET /                        a page
//   GET /metres?x=320&y=150      {"seconds":1.2,"metres":9.8}: the newest depth at a pixel of the network's picture
//   GET /events                  server-sent events, one a frame
//
// Needs express 5: npm install express
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  broadcast,
  DepthcastError,
  depthStream,
  framesOf,
  openFootage,
  openModel,
  readIntrinsics,
  startServer,
} from 'depthcast';
import express from 'express';

// Whatever fails says what happened and what to do.
process.once('uncaughtException', (error) => {
  console.error(error.message, error instanceof DepthcastError ? error.advice : '');
  process.exit(1);
});

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '3000' }, frames: { type: 'string' } },
});
const sample = fileURLToPath(new URL('street/', import.meta.url));
const footage = await openFootage(positionals[0] ?? `${sample}street.mp4`);
const { size } = footage.info;
const model = await openModel('tc-depth-lite');
const fallback = await openModel('tc-depth-lite-single');
// The viewer has a port of its own, on this machine only; leave `startServer` out where nobody needs it.
const viewer = await startServer({ streams: ['drive'], port: 0 });

/** @type {import('depthcast').DepthFrame | undefined} */
let newest;
/** @type {Set<import('express').Response>} */
const listeners = new Set();

/**
 * @param {import('depthcast').DepthFrame} answer
 * @param {number} x
 * @param {number} y
 */
function metresAt({ frame, depth }, x, y) {
  const metres = depth.data[y * depth.width + x] ?? Number.NaN;
  // JSON has no NaN: unknown depth is null.
  return { seconds: frame.timestamp, metres: Number.isNaN(metres) ? null : metres };
}

const app = express();
app.get('/', (_, response) => {
  response.send(`<!doctype html><title>depth</title><p><a href="${viewer.url}">The viewer</a>
<p id="text"></p><script>
new EventSource('/events').onmessage = ({ data }) => { text.textContent = data; };
</script>`);
});
app.get('/metres', (request, response) => {
  const x = Number(request.query['x']);
  const y = Number(request.query['y']);
  if (!newest) return void response.status(503).json({ error: 'There is no depth yet.' });
  const { width, height } = newest.depth;
  const inside = Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0 && x < width && y < height;
  if (!inside) return void response.status(400).json({ error: `x and y are pixels of ${width}x${height}.` });
  response.json(metresAt(newest, x, y));
});
app.get('/events', (_, response) => {
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.flushHeaders();
  listeners.add(response);
  response.on('close', () => listeners.delete(response));
});

const frames = framesOf(footage, {
  stream: 'drive',
  size: model.inputSize(size),
  intrinsics: positionals[0] ? footage.info.intrinsics : await readIntrinsics(`${sample}calib.txt`, size),
  realTime: true,
  loop: values.frames === undefined,
  maxFrames: values.frames === undefined ? undefined : Number(values.frames),
});
const depth = depthStream(frames, { model, fallback }).pipe(broadcast(viewer.hub('drive')));
const playing = depth.subscribe({
  next: (answer) => {
    newest = answer;
    const { width, height } = answer.depth;
    const event = `data: ${JSON.stringify(metresAt(answer, width >> 1, height >> 1))}\n\n`;
    for (const response of listeners) {
      // Who reads too slowly misses events instead of filling the memory.
      if (response.writableLength < 65_536) response.write(event);
    }
  },
});

const listening = app.listen(Number(values.port), '127.0.0.1', (error) => {
  if (error) throw error;
  const address = listening.address();
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
});
process.once('SIGINT', async () => {
  playing.unsubscribe();
  for (const response of listeners) response.end();
  listening.close();
  await Promise.all([viewer.close(), model.close(), fallback.close()]);
});
