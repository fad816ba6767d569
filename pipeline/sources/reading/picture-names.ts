/** One file of a sequence of pictures. */
export interface PictureName {
  /** File name with its extension. */
  readonly file: string;
  /** File name without it. */
  readonly stem: string;
  /** The last run of digits of the stem, where the sequence is numbered by it. */
  readonly number?: number | undefined;
}

/** A sequence of pictures in order, and where it has its first hole. */
export interface PictureSequence {
  readonly pictures: readonly PictureName[];
  /** Positions in `pictures` before which numbers are missing, with the first missing number as the files write it. */
  readonly gaps: ReadonlyMap<number, string>;
}

/** Formats that sharp decodes as shipped. BMP and SVG are not among them on purpose: BMP is not built in, SVG is a program. */
const PICTURE = /\.(jpe?g|png|webp)$/i;

/** Numbers that differ by more than this are times, not counts. */
const WIDEST_STEP = 100;

/** Whether a file name is that of a picture: jpg, jpeg, png or webp. Hidden files are none. */
export function isPicture(name: string): boolean {
  return PICTURE.test(name) && !name.startsWith('.');
}

/**
 * Puts names of pictures into natural order (`img9` before `img10`) and looks for holes.
 *
 * A sequence counts as numbered when all stems are the same but for their last run of digits. Its step is the smallest
 * difference that occurs, so every fifth frame of a video is no hole; above 100 the numbers are taken for time stamps.
 */
export function sequenceOf(names: readonly string[]): PictureSequence {
  const collator = new Intl.Collator('en', { numeric: true });
  // Names that compare equal as numbers (007, 07) keep an order of their own, whatever the file system says.
  const sorted = [...names].sort((a, b) => collator.compare(a, b) || (a < b ? -1 : 1));
  const parts = sorted.map((file) => {
    const stem = file.replace(/\.[^.]*$/, '');
    return { file, stem, digits: /^(.*?)(\d+)(\D*)$/s.exec(stem) };
  });
  const shapes = new Set(parts.map(({ digits }) => (digits ? `${digits[1]}#${digits[3]}` : '')));
  const numbered = shapes.size === 1 && !shapes.has('');
  const pictures = parts.map(({ file, stem, digits }) => ({
    file,
    stem,
    number: numbered ? Number(digits![2]) : undefined,
  }));
  const gaps = new Map<number, string>();
  if (!numbered) return { pictures, gaps };
  const steps = pictures.slice(1).map((picture, i) => picture.number! - pictures[i]!.number!);
  const step = Math.min(...steps.filter((difference) => difference > 0));
  if (step > WIDEST_STEP) return { pictures, gaps };
  steps.forEach((difference, i) => {
    if (difference <= step) return;
    const width = parts[i]!.digits![2]!.length;
    gaps.set(i + 1, String(pictures[i]!.number! + step).padStart(width, '0'));
  });
  return { pictures, gaps };
}

/**
 * Names grouped by what is left when their last number is taken out, where several groups have more than one member:
 * colour and depth in one folder, say. Empty where the folder holds one sequence.
 */
export function mixedSequences(names: readonly string[]): string[] {
  const groups = new Map<string, number>();
  for (const name of names) {
    const dot = name.lastIndexOf('.');
    const shape = `${name.slice(0, dot).replace(/\d+(\D*)$/, '#$1')}${name.slice(dot)}`;
    groups.set(shape, (groups.get(shape) ?? 0) + 1);
  }
  const several = [...groups].filter(([shape, count]) => count > 1 && shape.includes('#')).map(([shape]) => shape);
  return several.length > 1 ? several : [];
}
