import { DepthcastError, type Size } from '../../../frames/index.ts';
import { MAX_PIXELS } from '../../ffmpeg/recipe.ts';

/** Checks what a reading is asked for. Throws `option-invalid`. */
export function checkRead(options: {
  readonly size?: Size | undefined;
  readonly from?: number | undefined;
  readonly maxFrames?: number | undefined;
}): void {
  if (options.size !== undefined) checkedSize(options.size);
  if (options.from !== undefined && !whole(options.from, 0)) {
    throw invalid('from', options.from, 'It is a whole number from 0.');
  }
  if (options.maxFrames !== undefined && !whole(options.maxFrames, 1)) {
    throw invalid('maxFrames', options.maxFrames, 'It is a whole number from 1.');
  }
}

/** The same size where frames may have it. Throws `option-invalid`. */
export function checkedSize(size: Size): Size {
  const { width, height } = size;
  if (whole(width, 1) && whole(height, 1) && width * height <= MAX_PIXELS) return size;
  const advice = `Both sides are whole numbers and their product is at most ${MAX_PIXELS}.`;
  throw invalid('size', `${width}x${height}`, advice);
}

function whole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}

function invalid(option: string, value: unknown, advice: string): DepthcastError {
  return new DepthcastError('option-invalid', `The option ${option} is ${String(value)}.`, {
    advice,
    facts: { option, value },
  });
}
