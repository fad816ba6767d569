import { placeInRange } from '../../frames/colour-map.ts';
import { filmSink } from './film/film-sink.ts';
import { otherEye } from './film/other-eye.ts';
import { pictureBeside } from './film/picture-beside.ts';

/** How far the nearest depth of the range moves between the eyes, as a share of the width: what a living-room screen bears. */
const MOST = 0.03;

/** Where in the range (0 far, 1 near) things lie in the screen's plane: 12 m of 4–80 m. What is nearer stands before it. */
const SCREEN = 0.3;

/**
 * `DIR/stereo.mp4`: side-by-side 3-D, left eye left, both at full width; for 3-D glasses, headsets and cross-eyed people.
 *
 * The left eye sees the picture itself. The right eye's is made from it by moving each pixel by its depth; what comes
 * out from behind something near is filled with the background beside it. The distance of the eyes is chosen for the
 * screen, not for the scene: streets look like models, which is the price of seeing any depth in them.
 */
export const stereoVideo = filmSink({
  name: 'stereo.mp4',
  facts: { layout: 'side by side, left eye left', mostDisparity: MOST, screenPlane: SCREEN },
  sideBySide: true,
  size: ({ width, height }) => ({ width: width * 2, height }),
  paint({ frame, depth }, range, size) {
    const places = new Float32Array(depth.data.length);
    for (let i = 0; i < places.length; i++) {
      const place = placeInRange(depth.data[i]!, depth.kind, range);
      // Unknown depth is sky mostly, and far in any case; what is nearer than near moves no further.
      places[i] = place > 0 ? Math.min(place, 1) : 0;
    }
    const picture = pictureBeside(frame, size);
    const right = { bytes: picture, offset: frame.width * 3, stride: size.width * 3 };
    otherEye(frame, places, { shift: MOST * frame.width, screen: SCREEN }, right);
    return picture;
  },
});
