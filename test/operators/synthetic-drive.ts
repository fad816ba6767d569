import { type CameraIntrinsics, type DepthMap, Flow, type Frame } from '../../frames/index.ts';

/** A frame of a rendered drive with its exact depth. */
export interface DrivenFrame {
  readonly frame: Frame;
  readonly depth: DepthMap;
}

const WIDTH = 640;
const HEIGHT = 192;
const CAMERA: CameraIntrinsics = { width: WIDTH, height: HEIGHT, fx: 370, fy: 370, cx: 319.5, cy: 95.5 };

/**
 * A drive through a textured street canyon with boxes at the kerb, ray by ray, so that depth is exact: `forward`
 * metres and `yaw` radians a frame.
 */
export function syntheticDrive(frames: number, { forward = 0.7, yaw = 0.004 } = {}): DrivenFrame[] {
  const flow = new Flow();
  const drive: DrivenFrame[] = [];
  let [x, z, heading] = [0, 0, 0];
  for (let index = 0; index < frames; index++) {
    drive.push(render(index, x, z, heading, flow));
    x += forward * Math.sin(heading);
    z += forward * Math.cos(heading);
    heading += yaw;
  }
  return drive;
}

function render(index: number, cameraX: number, cameraZ: number, heading: number, flow: Flow): DrivenFrame {
  const pixels = new Uint8Array(new SharedArrayBuffer(WIDTH * HEIGHT * 3));
  const data = new Float32Array(WIDTH * HEIGHT);
  const [sin, cos] = [Math.sin(heading), Math.cos(heading)];
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = 0; column < WIDTH; column++) {
      const across = (column - CAMERA.cx) / CAMERA.fx;
      const down = (row - CAMERA.cy) / CAMERA.fy;
      const dx = across * cos + sin;
      const dz = cos - across * sin;
      let depth = 90;
      let [u, v] = [column / 40 + 100 * heading, row / 40];
      const hit = (at: number, onto: (x: number, y: number, z: number) => [number, number] | undefined): void => {
        if (!(at > 0.3) || at >= depth) return;
        const texture = onto(cameraX + dx * at, down * at, cameraZ + dz * at);
        if (texture) [depth, u, v] = [at, ...texture];
      };
      hit(1.65 / down, (px, _, pz) => [px, pz]);
      for (const wall of [-7, 9]) hit((wall - cameraX) / dx, (_, py, pz) => (py > -6 ? [pz, py + wall] : undefined));
      for (let box = 0; box < 8; box++) {
        const side = box % 2 === 0 ? -3.5 : 4;
        const near = 12 + box * 9;
        const inside = (px: number, py: number): boolean => Math.abs(px - side) < 1 && py > -0.2;
        hit((near - cameraZ) / dz, (px, py) => (inside(px, py) ? [px + box, py] : undefined));
        const flank = side < 0 ? side + 1 : side - 1;
        hit((flank - cameraX) / dx, (_, py, pz) =>
          py > -0.2 && pz > near && pz < near + 4 ? [pz, py + box] : undefined,
        );
      }
      const at = row * WIDTH + column;
      data[at] = depth;
      pixels.fill(texture(u, v, depth / CAMERA.fx), at * 3, at * 3 + 3);
    }
  }
  const frame: Frame = {
    stream: 'drive',
    index,
    name: String(index).padStart(6, '0'),
    timestamp: index / 10,
    arrivedAt: 0,
    width: WIDTH,
    height: HEIGHT,
    pixels,
    sourceSize: { width: WIDTH, height: HEIGHT },
    intrinsics: CAMERA,
    flow,
  };
  return { frame, depth: { width: WIDTH, height: HEIGHT, kind: 'metric', data } };
}

/** Value noise in octaves down to the size of a pixel's footprint, 20 to 235. */
function texture(u: number, v: number, footprint: number): number {
  let value = 0;
  let weight = 0;
  for (let wave = 2; wave > Math.max(0.03, 2 * footprint); wave /= 2) {
    value += wave ** 0.5 * noise(u / wave, v / wave);
    weight += wave ** 0.5;
  }
  return weight === 0 ? 128 : 20 + (215 * value) / weight;
}

function noise(u: number, v: number): number {
  const [i, j] = [Math.floor(u), Math.floor(v)];
  const [a, b] = [u - i, v - j];
  const top = hash(i, j) * (1 - a) + hash(i + 1, j) * a;
  const bottom = hash(i, j + 1) * (1 - a) + hash(i + 1, j + 1) * a;
  return top * (1 - b) + bottom * b;
}

function hash(i: number, j: number): number {
  let h = Math.imul(i, 374761393) ^ Math.imul(j, 668265263);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
