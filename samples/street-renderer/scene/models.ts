import type { Mesh } from '../geometry/mesh.ts';
import { buildCar } from '../models/car.ts';
import { type CarShape, carShapes } from '../models/car-shapes.ts';
import { buildPerson } from '../models/person.ts';
import { buildTree } from '../models/tree.ts';
import type { Random } from '../random.ts';

/** The models that stand in a street more than once. */
export interface Models {
  readonly cars: readonly { readonly shape: CarShape; readonly mesh: Mesh }[];
  readonly trees: readonly Mesh[];
  readonly people: readonly Mesh[];
  readonly bush: Mesh;
}

export function buildModels(random: Random): Models {
  const tree = (height: number, radius: number, clear: number, leaves: number): Mesh =>
    buildTree(random, { clear, height, radius, leaves, card: 0.34 });
  return {
    cars: carShapes.map((shape) => ({ shape, mesh: buildCar(shape) })),
    trees: [
      tree(8.4, 2.8, 2.5, 5200),
      tree(7.0, 2.4, 2.3, 3600),
      tree(10.2, 3.2, 2.8, 6500),
      tree(9.6, 2.1, 2.4, 3400),
    ],
    people: [buildPerson(random), buildPerson(random), buildPerson(random)],
    bush: buildTree(random, { clear: 0, height: 1.5, radius: 0.95, leaves: 1100, card: 0.22 }),
  };
}
