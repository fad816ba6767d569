import { CAMERA_HEIGHT } from './camera.ts';
import { type Instance, place } from './geometry/instance.ts';
import { buildScene, type Scene } from './geometry/scene.ts';
import { createRandom } from './random.ts';
import { type CentreLine, createCentreLine } from './scene/centre-line.ts';
import { placeGreenery } from './scene/greenery.ts';
import { buildGround } from './scene/ground.ts';
import { placeHouses } from './scene/houses.ts';
import { carLook } from './scene/looks.ts';
import { buildModels, type Models } from './scene/models.ts';
import { placeParkedCars } from './scene/parked-cars.ts';
import { furnishPavement } from './scene/pavement.ts';
import { createPlan, type StreetPlan } from './scene/plan.ts';
import { type Driver, trafficAt } from './scene/traffic.ts';

/**
 * A street with all that stands and drives in it. World axes are those of the camera at time 0: x right, y down,
 * z forward, metres; the road is the plane y = 1.65.
 */
export interface Street {
  readonly plan: StreetPlan;
  readonly line: CentreLine;
  /** What stands still. */
  readonly fixed: readonly Instance[];
  readonly drivers: readonly Driver[];
  readonly models: Models;
}

/** The street of a seed: always the same one. */
export function createStreet(seed: number): Street {
  const plan = createPlan(seed, createRandom(seed * 7919 + 1));
  const line = createCentreLine({ ...plan.bend, x: -plan.lane });
  const models = buildModels(createRandom(seed * 7919 + 2));
  const ground = place(buildGround(plan, line), { x: 0, y: CAMERA_HEIGHT, z: 0, heading: 0 });
  const scatter = createRandom(seed * 7919 + 4);
  const sites = ([-1, 1] as const).map((sign) => {
    return { plan, line, models, random: scatter, side: sign < 0 ? plan.left : plan.right, sign };
  });
  const fixed = [
    ground,
    ...placeHouses(plan, line, createRandom(seed * 7919 + 3)),
    ...sites.flatMap((site) => [...placeParkedCars(site), ...placeGreenery(site), ...furnishPavement(site)]),
  ];
  const random = createRandom(seed * 7919 + 5);
  const model = (): number => Math.floor(random() * models.cars.length);
  const drivers: Driver[] = [
    { id: 1, name: 'ahead', model: model(), look: carLook(random), start: 19 + 4 * random(), speed: 0 },
    {
      id: 2,
      name: 'oncoming',
      model: model(),
      look: carLook(random),
      start: 62 + 30 * random(),
      speed: 8 + 3 * random(),
    },
    {
      id: 3,
      name: 'oncoming',
      model: model(),
      look: carLook(random),
      start: 150 + 40 * random(),
      speed: 8 + 3 * random(),
    },
  ];
  return { plan, line, fixed, drivers, models };
}

/** The street at `time` seconds, ready for rays. */
export function sceneAt(street: Street, time: number): Scene {
  return buildScene([...street.fixed, ...trafficAt(street, street.models, time)]);
}
