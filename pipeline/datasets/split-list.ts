import { type DatasetText, readDatasetText } from './dataset-text.ts';
import { dayOf } from './kitti-drive.ts';

/** One frame that a split names. */
export interface SplitFrame {
  /** `2011_09_26`. */
  readonly day: string;
  /** `2011_09_26_drive_0002_sync`. */
  readonly drive: string;
  readonly number: number;
  /** `02` = left colour, `03` = right colour. */
  readonly camera: string;
  /** Whether the list names annotated depth for it: `none` = it says that there is none; `unsaid` = lists of scans. */
  readonly truth: 'annotated' | 'none' | 'unsaid';
  /** Position in the list, from 0: that of its plane in arrays of predictions. */
  readonly position: number;
}

/**
 * Reads a list of KITTI raw frames in any of the three forms in which the Eigen split goes round:
 *
 * - Monodepth2: `2011_09_26/2011_09_26_drive_0002_sync 0000000069 l` (`l` or `r`; the number padded or not);
 * - BTS and ZoeDepth: `DAY/DRIVE/image_02/data/N.png DRIVE/proj_depth/groundtruth/image_02/N.png 721.5377`, with `None`
 *   for a frame without annotated depth;
 * - GLPDepth: the two paths alone, below `/raw_data/` and `/data_depth_annotated/val/`.
 *
 * Nothing of a line is taken as a path to open: day, drive, camera and number are, so no line can lead out of the data
 * set. Throws `input-format` naming the line that is none of these, names a frame a second time, or whose depth is that
 * of another frame.
 */
export async function readSplitList(file: string): Promise<readonly SplitFrame[]> {
  const source = await readDatasetText(file, 'input-format');
  if (source.lines.length === 0) throw source.fault(0, 'names no frames');
  const seen = new Map<string, number>();
  return source.lines.map((text, position) => {
    const frame = { ...frameOf(source, position + 1, text.trim().split(/\s+/)), position };
    const key = `${frame.drive} ${frame.camera} ${frame.number}`;
    const before = seen.get(key);
    if (before !== undefined) throw source.fault(position + 1, `names the frame of line ${before} a second time`);
    seen.set(key, position + 1);
    return frame;
  });
}

const PICTURE = /(?:^|\/)(\d{4}_\d\d_\d\d)\/([^/]+)\/image_(0[0-3])\/data\/(\d{1,10})\.(?:png|jpe?g)$/;
const DEPTH = /(?:^|\/)([^/]+)\/proj_depth\/groundtruth\/image_(0[0-3])\/(\d{1,10})\.png$/;

function frameOf(source: DatasetText, line: number, words: readonly string[]): Omit<SplitFrame, 'position'> {
  const [first = '', second = '', third] = words;
  const side = /^([lr])$/.exec(third ?? '')?.[1];
  if (side !== undefined) {
    const match = /^(\d{4}_\d\d_\d\d)\/([^/]+)$/.exec(first);
    if (words.length !== 3 || !match || !/^\d{1,10}$/.test(second)) throw noFrame(source, line);
    const camera = side === 'l' ? '02' : '03';
    return checked(source, line, { day: match[1]!, drive: match[2]!, number: Number(second), camera, truth: 'unsaid' });
  }
  const picture = PICTURE.exec(first);
  const focal = third === undefined || Number(third) > 0;
  if (!picture || words.length < 2 || words.length > 3 || !focal) throw noFrame(source, line);
  const [, day, drive, camera, digits] = picture as unknown as [string, string, string, string, string];
  const frame = { day, drive, number: Number(digits), camera };
  if (second === 'None') return checked(source, line, { ...frame, truth: 'none' });
  const depth = DEPTH.exec(second);
  if (!depth) throw noFrame(source, line);
  if (depth[1] !== drive || depth[2] !== camera || Number(depth[3]) !== frame.number) {
    throw source.fault(line, 'names the depth of another frame than its picture');
  }
  return checked(source, line, { ...frame, truth: 'annotated' });
}

function checked<Frame extends { day: string; drive: string }>(source: DatasetText, line: number, frame: Frame): Frame {
  if (dayOf(frame.drive) !== frame.day) throw source.fault(line, 'names no drive of its day');
  return frame;
}

function noFrame(source: DatasetText, line: number): Error {
  return source.fault(line, 'is none of the three forms of a KITTI split');
}
