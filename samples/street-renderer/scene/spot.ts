import { CAMERA_HEIGHT } from '../camera.ts';
import type { CentreLine } from './centre-line.ts';

/** Where something stands in the world: place (metres, y down) and heading (radians). */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly heading: number;
}

/** The spot `s` along the road, `d` to its right and `height` over it, turned by `turn` against the road's heading. */
export function spotAt(line: CentreLine, s: number, d: number, height: number, turn: number): Spot {
  const p = line.at(s);
  return {
    x: p.x + d * Math.cos(p.heading),
    y: CAMERA_HEIGHT - height,
    z: p.z - d * Math.sin(p.heading),
    heading: p.heading + turn,
  };
}
