import { DepthcastError } from '../../../frames/index.ts';
import type { RunIdentity } from '../folder/meta-file.ts';

/** Throws `option-invalid` where a run can have no points: its camera is not known, or its depth is `inverse`. */
export function refuseWithoutPoints(output: string, { intrinsics, kind, model }: RunIdentity): void {
  if (kind === 'inverse') {
    throw new DepthcastError('option-invalid', `${model} gives inverse depth without scale, which has no points.`, {
      advice: `Choose a model with metric or relative depth, or leave ${output} out of --write.`,
      facts: { output, model },
    });
  }
  if (intrinsics) return;
  throw new DepthcastError('option-invalid', `${output} needs the camera, and the footage does not tell it.`, {
    advice: `Give --intrinsics fx,fy,cx,cy@WxH, or leave ${output} out of --write.`,
    facts: { output },
  });
}
