import { absRel } from './abs-rel.ts';
import { deltaAccuracy } from './delta-accuracy.ts';
import type { DepthPairs } from './depth-pairs.ts';
import { log10 } from './log10.ts';
import { rmse } from './rmse.ts';
import { rmseLog } from './rmse-log.ts';
import { silog } from './silog.ts';
import { sqRel } from './sq-rel.ts';

/** The nine numbers of the depth tables; each one's own file states its formula, unit and what it cannot see. */
export interface Accuracy {
  readonly absRel: number;
  /** Metres. */
  readonly sqRel: number;
  /** Metres. */
  readonly rmse: number;
  readonly rmseLog: number;
  /** Times 100. */
  readonly silog: number;
  readonly log10: number;
  readonly d1: number;
  readonly d2: number;
  readonly d3: number;
}

/** All nine of one image; NaN each where there are no pairs. */
export function accuracy(pairs: DepthPairs): Accuracy {
  return {
    absRel: absRel(pairs),
    sqRel: sqRel(pairs),
    rmse: rmse(pairs),
    rmseLog: rmseLog(pairs),
    silog: silog(pairs),
    log10: log10(pairs),
    ...deltaAccuracy(pairs),
  };
}
