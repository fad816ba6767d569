import { Flow, type Frame, type FrameWindow } from '../../frames/index.ts';

const flow = new Flow();

/** A made-up frame of a drive past posts: no footage needed, never two alike. */
export function madeFrame(index: number, width = 320, height = 96, changes: Partial<Frame> = {}): Frame {
  const pixels = new Uint8Array(new SharedArrayBuffer(width * height * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const post = Math.sin(((x + index * 3) * 24) / width) > 0.6 ? 90 : 0;
      const shade = 60 + (y * 100) / height + post;
      pixels.set([shade, shade * 0.9, 255 - shade], (y * width + x) * 3);
    }
  }
  return {
    stream: 'street',
    index,
    name: String(index).padStart(6, '0'),
    timestamp: index / 10,
    arrivedAt: 0,
    pixels,
    width,
    height,
    sourceSize: { width, height },
    flow,
    ...changes,
  };
}

/** The window of `frames` around `at`. */
export function windowAt(frames: readonly Frame[], at: number, offsets: readonly number[]): FrameWindow {
  return { target: frames[at]!, offsets, context: offsets.map((offset) => frames[at + offset]) };
}
