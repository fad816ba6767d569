import { defer, type MonoTypeOperatorFunction, map } from 'rxjs';
import { DepthcastError, type Frame, type SegmentStart } from '../frames/index.ts';
import { median } from './metrics/median.ts';
import type { PatchField } from './metrics/patch-field.ts';
import { matchField, pictureMatches } from './metrics/picture-matches.ts';
import { sceneField, sceneSimilarity } from './metrics/scene-similarity.ts';

/** When {@link splitAtCuts} sees a new stretch. */
export interface SplitAtCutsOptions {
  /** A pause counts when it is longer than this many running median intervals. Above 1; default 3. */
  readonly gapFactor?: number | undefined;
  /** … and longer than this, in seconds of media time. Default 0.25. */
  readonly gapSeconds?: number | undefined;
  /** `false`: pictures are not looked at, only time is. Default `true`. */
  readonly sceneCuts?: boolean | undefined;
}

const INTERVALS = 15;
/** Above this similarity of the whole picture nothing has been cut. */
const SAME = 0.82;
/** … and below it, a cut is where less of the detail than this is found again, */
const DETAIL = 0.15;
/** … or, with fewer patches of detail to look for than this, where the whole is less similar than that. */
const FEW = 40;
const OTHER = 0.72;

/**
 * Marks the first frame after a scene cut or a gap in time by `segmentStart`, so that no window reaches across it.
 *
 * A gap is a pause longer than `gapFactor` times the median of the last 15 intervals (at least 3 must be known) and
 * than `gapSeconds`, or time running backwards. A scene cut is a picture that the one before cannot explain, whatever
 * its exposure: first the whole is compared (`sceneSimilarity`), then, where that is in doubt, the detail
 * (`pictureMatches`); see there for what they cannot see. Pictures without any texture are looked past. A mark the
 * source made itself is kept. A marked frame is a new object over the same pixels; all others pass as they are. Holds
 * one frame.
 */
export function splitAtCuts(options: SplitAtCutsOptions = {}): MonoTypeOperatorFunction<Frame> {
  const { gapFactor = 3, gapSeconds = 0.25, sceneCuts = true } = options;
  if (!(gapFactor > 1) || !(gapSeconds >= 0)) {
    throw new DepthcastError('option-invalid', 'The limits for gaps in time are not usable.', {
      advice: 'Give gapFactor above 1 and gapSeconds from 0.',
      facts: { gapFactor, gapSeconds },
    });
  }

  return (source) =>
    defer(() => {
      let time: number | undefined;
      let scene: { readonly frame: Frame; readonly field: PatchField } | undefined;
      const intervals: number[] = [];

      const afterGap = (timestamp: number): boolean => {
        const interval = time === undefined ? 0 : timestamp - time;
        time = timestamp;
        const usual = intervals.length < 3 ? Number.POSITIVE_INFINITY : median(Float64Array.from(intervals));
        if (interval > 0) intervals.push(interval);
        if (intervals.length > INTERVALS) intervals.shift();
        return interval < 0 || (interval > gapSeconds && interval > gapFactor * usual);
      };

      const afterCut = (frame: Frame): boolean => {
        const field = sceneField(frame);
        const before = scene;
        const found = before ? sceneSimilarity(field, before.field) : undefined;
        if (!before || found !== undefined || before.field.data.length !== field.data.length) scene = { frame, field };
        if (!before || found === undefined || found >= SAME) return false;
        const { count, sought } = pictureMatches(matchField(frame), matchField(before.frame));
        return sought < FEW ? found < OTHER : count < DETAIL * sought;
      };

      return source.pipe(
        map((frame) => {
          const gap = afterGap(frame.timestamp);
          const cut = sceneCuts && afterCut(frame);
          if (frame.segmentStart || !(gap || cut)) return frame;
          const segmentStart: SegmentStart = gap ? 'time-gap' : 'scene-cut';
          return { ...frame, segmentStart };
        }),
      );
    });
}
