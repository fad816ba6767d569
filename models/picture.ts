import type { CameraIntrinsics, Frame, Size } from '../frames/index.ts';
import { scaleIntrinsics } from '../frames/index.ts';
import type { CameraRule } from './card.ts';

/** What the inference worker needs of a frame; `pixels` lies in shared memory, so sending it copies nothing. */
export interface Picture extends Size {
  /** The same for the same pixels, another for any other, as long as the process lives. */
  readonly key: number;
  readonly stream: string;
  readonly pixels: Uint8Array<SharedArrayBuffer>;
  /** fx, fy, cx, cy in pixels at `width` × `height`, if only by the card's default; `undefined` where no rule asks. */
  readonly camera: readonly [fx: number, fy: number, cx: number, cy: number] | undefined;
}

const keys = new WeakMap<Uint8Array<SharedArrayBuffer>, number>();
let lastKey = 0;

/**
 * The worker's view of a frame. It is known by its pixels, which nobody writes to after a frame was emitted: a frame
 * copied to carry a mark keeps its key, and an index that comes again after a reconnect or in a loop does not take it.
 */
export function pictureOf(frame: Frame, rule: CameraRule): Picture {
  let key = keys.get(frame.pixels);
  if (key === undefined) {
    key = ++lastKey;
    keys.set(frame.pixels, key);
  }
  const { stream, pixels, width, height } = frame;
  return { key, stream, pixels, width, height, camera: cameraOf(frame, frame.intrinsics, rule) };
}

/** Camera of a picture of size `at`: its own intrinsics, else what the card has for that (see CameraRule). */
export function cameraOf(at: Size, known: CameraIntrinsics | undefined, rule: CameraRule): Picture['camera'] {
  if (rule.rule === 'none') return undefined;
  if (known) {
    const { fx, fy, cx, cy } =
      known.width === at.width && known.height === at.height ? known : scaleIntrinsics(known, at);
    return [fx, fy, cx, cy];
  }
  if (rule.rule === 'input' && rule.unknown === 'zeros') return [0, 0, 0, 0];
  const focal = canonicalFocal(rule, at.width);
  return [focal, focal, (at.width - 1) / 2, (at.height - 1) / 2];
}

/** The canonical focal length in pixels for a picture of a given width. */
export function canonicalFocal(rule: Exclude<CameraRule, { rule: 'none' }>, width: number): number {
  return (rule.canonicalFocal * width) / rule.canonicalWidth;
}
