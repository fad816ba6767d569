// Depth on a canvas: near is bright, far is dark, unknown is blue.
import { connect, valueOfCode } from 'depthcast/client';

const url = new URLSearchParams(location.search).get('url') ?? 'http://127.0.0.1:8080/streams/street';
const canvas = document.querySelector('canvas');
const text = document.querySelector('p');
const context = canvas.getContext('2d');
let newest;

connect(url, {
  onFrame: draw,
  onState: (state, retryInMs = 0) => {
    if (state === 'waiting') text.textContent = `No connection, trying again in ${(retryInMs / 1000).toFixed(1)} s`;
  },
});

function draw(frame) {
  newest = frame;
  const { width, height, codes, quantisation } = frame.quantised;
  canvas.width = width;
  canvas.height = height;
  const image = context.createImageData(width, height);
  for (let i = 0; i < codes.length; i++) {
    const metres = valueOfCode(codes[i], quantisation);
    // A range that is fixed: 2 m is white, far away is black. A range made from each frame would flicker.
    const grey = Math.min(255, (2 / metres) * 255);
    image.data.set(Number.isNaN(metres) ? [30, 50, 120, 255] : [grey, grey, grey, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  text.textContent = `${frame.estimator}, ${frame.timestamp.toFixed(2)} s: press on the picture`;
}

canvas.addEventListener('click', ({ offsetX, offsetY }) => {
  if (newest) alert(`${newest.depthAt(offsetX, offsetY).toFixed(2)} m`);
});
