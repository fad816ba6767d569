import { colourTable, paintDepth } from '../../frames/colour-map.ts';
import { filmSink } from './film/film-sink.ts';

const TURBO = colourTable('turbo');

/** `DIR/overlay.mp4`: depth in colour over the picture, half and half; the picture alone where depth is unknown. */
export const overlayVideo = filmSink({
  name: 'overlay.mp4',
  facts: { near: 'red', opacity: 0.5 },
  size: (size) => size,
  paint({ frame, depth }, range, { width, height }) {
    const picture = new Uint8Array(width * height * 3);
    paintDepth(depth, range, TURBO, picture, 0, width * 3);
    for (let i = 0, o = 0; i < depth.data.length; i++, o += 3) {
      const isKnown = !Number.isNaN(depth.data[i]!);
      for (let c = o; c < o + 3; c++) {
        picture[c] = isKnown ? (picture[c]! + frame.pixels[c]! + 1) >> 1 : frame.pixels[c]!;
      }
    }
    return picture;
  },
});
