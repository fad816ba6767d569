// Writes the depth at one point of the picture to stdout, a line a frame: media time, metres.
// Usage: node samples/clients/metres-at.mjs [http://127.0.0.1:8080/streams/street] [x] [y]
import { connect } from 'depthcast/client';
import { WebSocket } from 'ws';

const [url = 'http://127.0.0.1:8080/streams/street', x = '320', y = '150'] = process.argv.slice(2);
const client = connect(url, {
  WebSocket,
  // No picture is wanted, and ten answers a second are enough.
  subscribe: { picture: false, maxFps: 10 },
  onState: (state, retryInMs = 0) => {
    if (state === 'waiting')
      process.stderr.write(`no connection, trying again in ${(retryInMs / 1000).toFixed(1)} s\n`);
  },
});
process.once('SIGINT', () => client.close());
// Whoever reads may have read enough.
process.stdout.on('error', () => client.close());
for await (const frame of client) {
  const metres = frame.depthAt(Number(x), Number(y));
  const unit = frame.quantised.kind === 'metric' ? 'm' : 'no unit';
  process.stdout.write(`${frame.timestamp.toFixed(3)} s\t${metres.toFixed(3)} ${unit}\n`);
}
