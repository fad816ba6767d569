import { colourTable, paintDepth } from '../../frames/colour-map.ts';
import { filmSink } from './film/film-sink.ts';

const TURBO = colourTable('turbo');

/** `DIR/color.mp4`: the picture and, right of it, its depth in colour, evenly spaced in inverse depth, red is near. */
export const colorVideo = filmSink({
  name: 'color.mp4',
  facts: { near: 'red' },
  size: ({ width, height }) => ({ width: width * 2, height }),
  paint({ frame, depth }, range, { width, height }) {
    const stride = width * 3;
    const picture = new Uint8Array(stride * height);
    for (let y = 0; y < frame.height; y++) {
      picture.set(frame.pixels.subarray(y * frame.width * 3, (y + 1) * frame.width * 3), y * stride);
    }
    paintDepth(depth, range, TURBO, picture, frame.width * 3, stride);
    return picture;
  },
});
