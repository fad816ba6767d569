type Colour = readonly [number, number, number];

const red: Colour = [0.5, 0.015, 0.02];
const white: Colour = [0.75, 0.75, 0.73];
const blue: Colour = [0.01, 0.08, 0.42];
const black: Colour = [0.01, 0.01, 0.01];
const yellow: Colour = [0.75, 0.5, 0.02];

/** Each face at x, y in -1..1 (y upwards); undefined beside the sign's outline. In the order of signFaces. */
const faces: readonly ((x: number, y: number) => Colour | undefined)[] = [
  limit30,
  parking,
  priority,
  giveWay,
  noStopping,
  crossing,
];

function limit30(x: number, y: number): Colour | undefined {
  const r = Math.hypot(x, y);
  if (r > 1) return undefined;
  if (r > 0.74) return red;
  const three = x + 0.3;
  const zero = x - 0.3;
  if (Math.abs(y) >= 0.42) return white;
  if (Math.abs(zero) < 0.22) return Math.abs(zero) > 0.1 || Math.abs(y) > 0.3 ? black : white;
  if (Math.abs(three) >= 0.22) return white;
  return three > 0.08 || Math.abs(y) > 0.3 || (Math.abs(y) < 0.06 && three > -0.12) ? black : white;
}

function parking(x: number, y: number): Colour {
  if (Math.max(Math.abs(x), Math.abs(y)) > 0.93) return white;
  const stem = x > -0.32 && x < -0.08 && Math.abs(y) < 0.65;
  const bow = Math.hypot(x - 0.02, y - 0.25);
  return stem || (x > -0.1 && bow < 0.42 && bow > 0.2) ? white : blue;
}

function priority(x: number, y: number): Colour | undefined {
  const diamond = Math.abs(x) + Math.abs(y);
  if (diamond > 1) return undefined;
  if (diamond > 0.93) return black;
  return diamond > 0.66 ? white : yellow;
}

function giveWay(x: number, y: number): Colour | undefined {
  const inner = Math.min(1 - y, (y + 1) / 2 - Math.abs(x));
  if (inner < 0) return undefined;
  return inner < 0.2 ? red : white;
}

function noStopping(x: number, y: number): Colour | undefined {
  const r = Math.hypot(x, y);
  if (r > 1) return undefined;
  return r > 0.8 || Math.abs(x - y) < 0.17 || Math.abs(x + y) < 0.17 ? red : blue;
}

function crossing(x: number, y: number): Colour {
  if (Math.max(Math.abs(x), Math.abs(y)) > 0.93) return white;
  if (y >= 0.72 - 1.5 * Math.abs(x) || y <= -0.7) return blue;
  const head = Math.hypot(x, y - 0.28) < 0.1;
  const body = Math.abs(x) < 0.1 && y > -0.25 && y < 0.2;
  const legs = y <= -0.2 && y > -0.5 && Math.abs(Math.abs(x) - (-0.2 - y) * 0.6) < 0.06;
  return head || body || legs ? black : white;
}

/** The colour of a traffic sign's face at u, v in 0..1 (v upwards); undefined beside its outline. */
export function signColour(face: number, u: number, v: number): Colour | undefined {
  return faces[face]?.(u * 2 - 1, v * 2 - 1);
}

/** Whether a sign has no metal at u, v. */
export function outsideSign(face: number, u: number, v: number): boolean {
  return signColour(face, u, v) === undefined;
}
