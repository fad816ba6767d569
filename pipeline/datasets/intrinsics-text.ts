import { stat } from 'node:fs/promises';
import { type CameraIntrinsics, DepthcastError, type Size, scaleIntrinsics } from '../../frames/index.ts';
import { readDatasetText } from './dataset-text.ts';
import { intrinsicsOf, parseKittiCalibration } from './kitti-calibration.ts';

/** The camera at the size of some footage. Throws `calibration-invalid` where it belongs to footage of another shape. */
export type IntrinsicsAt = (footage: Size) => CameraIntrinsics;

/**
 * The camera that `--intrinsics fx,fy,cx,cy@WxH|FILE` names, at `size`; see {@link openIntrinsics}.
 *
 * @param size of the footage
 */
export async function readIntrinsics(text: string, size: Size): Promise<CameraIntrinsics> {
  return (await openIntrinsics(text))(size);
}

/**
 * The camera that `--intrinsics fx,fy,cx,cy@WxH|FILE` names, for footage whose size is known only later.
 *
 * FILE is a KITTI calibration (`P2` of calib.txt, which holds at the footage's own size, or `P_rect_02` with its
 * `S_rect_02`) or JSON `{"fx","fy","cx","cy","width","height"}`, where width and height may be left out to mean the
 * footage's own. Throws `option-invalid` for a text, `calibration-invalid` for a file.
 */
export async function openIntrinsics(text: string): Promise<IntrinsicsAt> {
  const written = /^([^@]*)@(\d+)x(\d+)$/.exec(text.trim());
  if (written && !(await exists(text))) {
    const values = written[1]!.split(',').map((word) => (word.trim() === '' ? Number.NaN : Number(word)));
    const at = { width: Number(written[2]), height: Number(written[3]) };
    const [fx, fy, cx, cy] = values;
    const camera = values.length === 4 ? { ...at, fx: fx!, fy: fy!, cx: cx!, cy: cy! } : undefined;
    if (!camera || !plausible(camera)) throw wrongText(text);
    return (size) => fitted(camera, size, text);
  }
  if (!(await exists(text))) throw wrongText(text);
  const source = await readDatasetText(text, 'calibration-invalid');
  const whole = source.lines.join('\n');
  if (whole.trimStart().startsWith('{')) {
    return (size) => {
      const camera = fromJson(whole, size);
      if (camera) return fitted(camera, size, text);
      throw source.fault(
        0,
        "is not a camera: it needs fx, fy, cx, cy and, unless they are the footage's, width and height",
      );
    };
  }
  const calibration = parseKittiCalibration(whole, text);
  if (calibration.has('P_rect_02')) {
    const [width, height] = calibration.numbers('S_rect_02', 2) as [number, number];
    const camera = intrinsicsOf(calibration.numbers('P_rect_02', 12), { width, height });
    return (size) => fitted(camera, size, text);
  }
  const projection = calibration.numbers('P2', 12);
  return (size) => {
    const camera = intrinsicsOf(projection, size);
    if (plausible(camera)) return camera;
    throw source.fault(0, `has a P2 that does not fit pictures of ${size.width}x${size.height}`);
  };
}

function fromJson(text: string, size: Size): CameraIntrinsics | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { fx, fy, cx, cy, width, height }: Record<string, unknown> = { ...size, ...(value as object) };
  const camera = { fx, fy, cx, cy, width, height } as CameraIntrinsics;
  const numbers = Object.values(camera).every((number) => typeof number === 'number' && Number.isFinite(number));
  return numbers && plausible(camera) ? camera : undefined;
}

/** Focal lengths and size positive, the principal point inside the picture. */
function plausible({ fx, fy, cx, cy, width, height }: CameraIntrinsics): boolean {
  return fx > 0 && fy > 0 && width > 0 && height > 0 && cx >= 0 && cy >= 0 && cx < width && cy < height;
}

/** A camera stated for a picture of another shape belongs to other footage: stretching it would be wrong in silence. */
function fitted(camera: CameraIntrinsics, size: Size, text: string): CameraIntrinsics {
  const ratio = (camera.width / camera.height) * (size.height / size.width);
  if (Math.abs(ratio - 1) > 0.02) {
    throw new DepthcastError(
      'calibration-invalid',
      `The intrinsics "${text}" are for ${camera.width}x${camera.height}, the footage has ${size.width}x${size.height}.`,
      { advice: 'Give intrinsics for pictures of the same shape.', facts: { camera, size } },
    );
  }
  return scaleIntrinsics(camera, size);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

function wrongText(text: string): DepthcastError {
  return new DepthcastError('option-invalid', `The intrinsics "${text}" are neither numbers nor a file.`, {
    advice:
      'Write fx,fy,cx,cy@WxH, for example 707.1,707.1,601.9,183.1@1226x370, or name a KITTI calib.txt or a JSON file.',
    facts: { intrinsics: text },
  });
}
