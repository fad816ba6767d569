import { CAMERA_HEIGHT, distanceAt } from '../camera.ts';
import { type Instance, place } from '../geometry/instance.ts';
import type { Street } from '../street.ts';
import type { Models } from './models.ts';
import { spotAt } from './spot.ts';

/** A car that drives: which one, its colours, and its way. */
export interface Driver {
  readonly id: number;
  readonly name: 'ahead' | 'oncoming';
  readonly model: number;
  readonly look: readonly number[];
  /** Metres in front of the camera for the car ahead, way along the road at time 0 for an oncoming one. */
  readonly start: number;
  /** Metres a second, for oncoming cars. */
  readonly speed: number;
}

/** Where a driver's car is: its middle's spot on the road at `time` seconds, and the way it has gone. */
export function driverAt(
  street: Street,
  driver: Driver,
  time: number,
): { spot: ReturnType<typeof spotAt>; way: number } {
  if (driver.name === 'ahead') {
    const s = distanceAt(street, time) + driver.start + 2.5 * Math.sin(0.45 * time);
    return { spot: spotAt(street.line, s, street.plan.lane + 0.1, 0, 0), way: s };
  }
  const way = driver.speed * time;
  return { spot: spotAt(street.line, driver.start - way, -street.plan.lane, 0, Math.PI), way };
}

/** The moving cars at one moment, numbered as in moving.json and the masks. */
export function trafficAt(street: Street, models: Models, time: number): Instance[] {
  return street.drivers.map((driver) => {
    const { spot, way } = driverAt(street, driver, time);
    const look = [...driver.look];
    look[4] = -way / 0.31;
    const model = models.cars[driver.model] as Models['cars'][number];
    return place(model.mesh, spot, { look, mover: driver.id });
  });
}

/** worldFromObject of a moving car as twelve numbers like a Pose: x to its right, y down, z to its front. */
export function driverPose(street: Street, driver: Driver, time: number): Float64Array {
  const { spot } = driverAt(street, driver, time);
  const c = Math.cos(spot.heading);
  const s = Math.sin(spot.heading);
  return Float64Array.of(c, 0, s, spot.x, 0, 1, 0, CAMERA_HEIGHT, -s, 0, c, spot.z);
}
