import { colourTable, paintDepth } from '../../frames/colour-map.ts';
import { filmSink } from './film/film-sink.ts';
import { pictureBeside } from './film/picture-beside.ts';

const TURBO = colourTable('turbo');

/** `DIR/color.mp4`: the picture and, right of it, its depth in colour, evenly spaced in inverse depth, red is near. */
export const colorVideo = filmSink({
  name: 'color.mp4',
  facts: { near: 'red' },
  size: ({ width, height }) => ({ width: width * 2, height }),
  paint({ frame, depth }, range, size) {
    const picture = pictureBeside(frame, size);
    paintDepth(depth, range, TURBO, picture, frame.width * 3, size.width * 3);
    return picture;
  },
});
