/** What a primitive is made of; the number lies in the mesh. */
export const Material = {
  ground: 0,
  kerb: 1,
  plaster: 2,
  roof: 3,
  glass: 4,
  frame: 5,
  stone: 6,
  door: 7,
  bark: 8,
  leaf: 9,
  carBody: 10,
  wheel: 11,
  rubber: 12,
  metal: 13,
  cloth: 14,
  skin: 15,
  hair: 16,
  sign: 17,
  hedgeCore: 18,
  wood: 19,
  lamp: 20,
  carCabin: 21,
  shutter: 22,
  garageDoor: 23,
} as const;

/** A place on a surface that a ray met, in the model's axes (y up, metres). */
export interface SurfacePoint {
  x: number;
  y: number;
  z: number;
  /** The unit normal, in the model's axes, on the ray's side. */
  nx: number;
  ny: number;
  nz: number;
  /** Place within the primitive, 0..1. */
  u: number;
  v: number;
  /** The primitive's two free numbers. */
  a: number;
  b: number;
  /** Width of a pixel on the surface in metres: finer detail is not to be drawn. */
  footprint: number;
  /** The instance's numbers: colours and the like. */
  look: Float64Array;
}

/** How a surface answers light. */
export interface Surface {
  /** Share of light sent back, linear 0..1. */
  r: number;
  g: number;
  b: number;
  /** Share of light mirrored at a straight look (0 = dull); rises at a grazing look by Schlick's rule. */
  mirror: number;
  /** Share of the sun's light that shines through from behind: leaves. */
  through: number;
  /** How strongly the surface's own small bumps tilt the normal, in the model's axes. */
  bumpX: number;
  bumpY: number;
  bumpZ: number;
}

export function createSurface(): Surface {
  return { r: 0, g: 0, b: 0, mirror: 0, through: 0, bumpX: 0, bumpY: 0, bumpZ: 0 };
}
