import { defer, type MonoTypeOperatorFunction, map } from 'rxjs';
import type { Consistency, DepthFrame } from '../frames/index.ts';
import { depthAgreement } from './metrics/depth-agreement.ts';
import { inverseAgreement } from './metrics/inverse-agreement.ts';
import { type MatchField, matchField, pictureMatches } from './metrics/picture-matches.ts';

/**
 * Scores each depth frame against the answer before it and fills `consistency`; needs no pose and no ground truth.
 *
 * See `depthAgreement` for what is measured and what it cannot see, `inverseAgreement` for `inverse` maps. Absent on
 * the first frame of a stretch, where the kinds or sizes differ, and where too little could be compared. Holds the one
 * answer before. Synchronous: it answers before the next frame is looked at.
 */
export function measureConsistency(): MonoTypeOperatorFunction<DepthFrame> {
  return (source) =>
    defer(() => {
      let before: DepthFrame | undefined;
      let fieldBefore: MatchField | undefined;

      const measure = (present: DepthFrame): Consistency | undefined => {
        const field = matchField(present.frame);
        const [previous, previousField] = [before, fieldBefore];
        before = present;
        fieldBefore = field;
        if (!previous || !previousField || present.frame.segmentStart) return undefined;
        const [a, b] = [present.depth, previous.depth];
        if (a.kind !== b.kind || a.width !== b.width || a.height !== b.height) return undefined;
        const matches = pictureMatches(field, previousField);
        if (a.kind === 'inverse') return inverseAgreement(a, b, matches);
        return depthAgreement(a, b, matches, present.frame.intrinsics);
      };

      return source.pipe(
        map((present) => {
          const consistency = measure(present);
          return consistency ? { ...present, consistency } : present;
        }),
      );
    });
}
