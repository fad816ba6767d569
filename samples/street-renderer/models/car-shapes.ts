/**
 * The outline of a car seen from the side. Points are [distance behind the front bumper, height], metres.
 * Lateral size is `halfWidth`; the axles lie `front` and `rear` behind the bumper.
 */
export interface CarShape {
  readonly name: string;
  readonly length: number;
  readonly halfWidth: number;
  readonly top: readonly (readonly [number, number])[];
  readonly belt: readonly (readonly [number, number])[];
  readonly front: number;
  readonly rear: number;
}

export const carShapes: readonly CarShape[] = [
  {
    name: 'hatchback',
    length: 4.1,
    halfWidth: 0.87,
    top: [
      [0, 0.58],
      [0.04, 0.69],
      [0.14, 0.79],
      [0.5, 0.89],
      [1.05, 0.98],
      [1.42, 1.2],
      [1.85, 1.38],
      [2.25, 1.46],
      [2.8, 1.47],
      [3.3, 1.44],
      [3.6, 1.37],
      [3.82, 1.17],
      [3.98, 0.98],
      [4.06, 0.86],
      [4.1, 0.62],
    ],
    belt: [
      [0, 0.53],
      [0.14, 0.7],
      [0.6, 0.83],
      [1.1, 0.9],
      [2.2, 0.92],
      [3.4, 0.97],
      [3.95, 0.93],
      [4.07, 0.78],
      [4.1, 0.57],
    ],
    front: 0.8,
    rear: 3.32,
  },
  {
    name: 'estate',
    length: 4.65,
    halfWidth: 0.89,
    top: [
      [0, 0.57],
      [0.04, 0.68],
      [0.15, 0.78],
      [0.65, 0.89],
      [1.25, 0.98],
      [1.62, 1.19],
      [2.1, 1.38],
      [2.5, 1.45],
      [3.2, 1.46],
      [3.9, 1.43],
      [4.25, 1.36],
      [4.45, 1.14],
      [4.56, 0.98],
      [4.63, 0.85],
      [4.65, 0.6],
    ],
    belt: [
      [0, 0.52],
      [0.15, 0.7],
      [0.7, 0.83],
      [1.3, 0.91],
      [2.4, 0.92],
      [4.0, 0.97],
      [4.52, 0.93],
      [4.63, 0.78],
      [4.65, 0.55],
    ],
    front: 0.88,
    rear: 3.6,
  },
  {
    name: 'saloon',
    length: 4.55,
    halfWidth: 0.88,
    top: [
      [0, 0.55],
      [0.04, 0.66],
      [0.15, 0.76],
      [0.65, 0.87],
      [1.25, 0.96],
      [1.62, 1.16],
      [2.1, 1.35],
      [2.5, 1.42],
      [3.0, 1.42],
      [3.35, 1.35],
      [3.75, 1.12],
      [3.95, 1.03],
      [4.35, 1.0],
      [4.48, 0.94],
      [4.53, 0.8],
      [4.55, 0.6],
    ],
    belt: [
      [0, 0.5],
      [0.15, 0.68],
      [0.7, 0.81],
      [1.3, 0.89],
      [2.4, 0.9],
      [3.7, 0.95],
      [4.35, 0.93],
      [4.53, 0.74],
      [4.55, 0.55],
    ],
    front: 0.86,
    rear: 3.52,
  },
  {
    name: 'van',
    length: 4.4,
    halfWidth: 0.9,
    top: [
      [0, 0.55],
      [0.05, 0.72],
      [0.15, 0.86],
      [0.5, 1.0],
      [0.85, 1.1],
      [1.25, 1.4],
      [1.6, 1.64],
      [2.0, 1.76],
      [2.8, 1.79],
      [3.8, 1.77],
      [4.13, 1.69],
      [4.28, 1.36],
      [4.35, 1.08],
      [4.39, 0.86],
      [4.4, 0.6],
    ],
    belt: [
      [0, 0.5],
      [0.2, 0.8],
      [0.5, 0.93],
      [0.85, 1.02],
      [2.4, 1.06],
      [3.8, 1.08],
      [4.32, 1.02],
      [4.38, 0.8],
      [4.4, 0.55],
    ],
    front: 0.82,
    rear: 3.5,
  },
];

/** A curve through given points: monotone cubic (F. Fritsch and R. Carlson, 1980), so that nothing overshoots. */
export function curveThrough(points: readonly (readonly [number, number])[], x: number): number {
  const n = points.length;
  const px = (i: number): number => (points[i] as readonly [number, number])[0];
  const py = (i: number): number => (points[i] as readonly [number, number])[1];
  if (x <= px(0)) return py(0);
  if (x >= px(n - 1)) return py(n - 1);
  let i = 0;
  while (x > px(i + 1)) i++;
  const slope = (k: number): number => (py(k + 1) - py(k)) / (px(k + 1) - px(k));
  const tangent = (k: number): number => {
    if (k === 0) return slope(0);
    if (k === n - 1) return slope(n - 2);
    const a = slope(k - 1);
    const b = slope(k);
    return a * b <= 0 ? 0 : (2 * a * b) / (a + b);
  };
  const h = px(i + 1) - px(i);
  const t = (x - px(i)) / h;
  const t2 = t * t;
  const t3 = t2 * t;
  return (
    (2 * t3 - 3 * t2 + 1) * py(i) +
    (t3 - 2 * t2 + t) * h * tangent(i) +
    (3 * t2 - 2 * t3) * py(i + 1) +
    (t3 - t2) * h * tangent(i + 1)
  );
}
