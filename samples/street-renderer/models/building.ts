import { type Mesh, MeshBuilder } from '../geometry/mesh.ts';
import { Material } from '../materials/material.ts';
import { between, type Random } from '../random.ts';

/** What a house looks like; metres. */
export interface BuildingShape {
  readonly width: number;
  readonly depth: number;
  readonly floors: number;
  readonly floorHeight: number;
  /** Height of the stone base below the ground floor. */
  readonly base: number;
  readonly roofHeight: number;
  readonly balconies: boolean;
  readonly shutters: boolean;
  readonly shop: boolean;
  readonly garage: boolean;
}

/** A hole in the front: from x0 to x1 along it, y0 to y1 up. */
interface Opening {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  readonly kind: 'window' | 'door' | 'shop' | 'garage' | 'balconyDoor';
}

/** Its front lies in the plane z = 0 and looks to +z; x runs along it, -width/2 .. width/2; its foot is y = 0. */
export function buildBuilding(random: Random, shape: BuildingShape): Mesh {
  const mesh = new MeshBuilder();
  const half = shape.width / 2;
  const top = shape.base + shape.floors * shape.floorHeight + 0.35;
  const rows = openings(random, shape);
  front(mesh, rows, half, top);
  for (const opening of rows) fill(mesh, random, opening, shape);
  sideWalls(mesh, random, shape, top);
  trims(mesh, random, shape, top, rows);
  roof(mesh, random, shape, top);
  return mesh.build();
}

/** Openings row by row from below; within a row from left to right, all of a row with the same y0 and y1. */
function openings(random: Random, shape: BuildingShape): Opening[] {
  const columns = Math.max(2, Math.round(shape.width / between(random, 2.5, 3.4)));
  const step = shape.width / columns;
  const wide = Math.min(step * 0.55, between(random, 1.0, 1.5));
  const tall = between(random, 1.4, 1.85);
  const doorColumn = Math.floor(random() * columns);
  const found: Opening[] = [];
  for (let floor = 0; floor < shape.floors; floor++) {
    const foot = shape.base + floor * shape.floorHeight;
    for (let column = 0; column < columns; column++) {
      const middle = -shape.width / 2 + (column + 0.5) * step;
      const at = (w: number, y0: number, y1: number, kind: Opening['kind']): void => {
        found.push({ x0: middle - w / 2, x1: middle + w / 2, y0, y1, kind });
      };
      if (floor === 0 && column === doorColumn) at(1.25, 0.02, shape.base + 2.2, 'door');
      else if (floor === 0 && shape.garage && column === (doorColumn + 1) % columns)
        at(Math.min(2.5, step * 0.86), 0.02, 2.25, 'garage');
      else if (floor === 0 && shape.shop) at(step * 0.8, 0.5, shape.base + 2.45, 'shop');
      else if (floor > 0 && shape.balconies && column === doorColumn) at(1.7, foot + 0.05, foot + 2.3, 'balconyDoor');
      else at(wide, foot + 0.85, Math.min(foot + 0.85 + tall, foot + shape.floorHeight - 0.3), 'window');
    }
  }
  return found;
}

/** The wall between the openings: a grid over all their edges, joined along x. */
function front(mesh: MeshBuilder, openingList: readonly Opening[], half: number, top: number): void {
  const cuts = [...new Set([0, top, ...openingList.flatMap((o) => [o.y0, o.y1])])].sort((a, b) => a - b);
  for (let i = 0; i + 1 < cuts.length; i++) {
    const low = cuts[i] as number;
    const high = cuts[i + 1] as number;
    if (high - low < 1e-6) continue;
    const holes = openingList.filter((o) => o.y0 < high - 1e-6 && o.y1 > low + 1e-6).sort((a, b) => a.x0 - b.x0);
    let x = -half;
    for (const hole of [...holes, { x0: half, x1: half }]) {
      if (hole.x0 > x) mesh.quad([x, low, 0], [hole.x0 - x, 0, 0], [0, high - low, 0], Material.plaster, 0, top);
      x = hole.x1;
    }
  }
}

/** Reveals, pane or door, sill and surround of one opening. */
function fill(mesh: MeshBuilder, random: Random, o: Opening, shape: BuildingShape): void {
  const deep = o.kind === 'shop' ? 0.25 : 0.17;
  const w = o.x1 - o.x0;
  const h = o.y1 - o.y0;
  for (const x of [o.x0, o.x1]) mesh.quad([x, o.y0, 0], [0, 0, -deep], [0, h, 0], Material.plaster, 1);
  for (const y of [o.y0, o.y1]) mesh.quad([o.x0, y, 0], [w, 0, 0], [0, 0, -deep], Material.plaster, 1);
  const pane = (material: number, a: number): void =>
    mesh.quad([o.x0, o.y0, -deep], [w, 0, 0], [0, h, 0], material, a, w);
  if (o.kind === 'door') pane(Material.door, random());
  else if (o.kind === 'garage') pane(Material.garageDoor, random());
  else pane(Material.glass, (o.kind === 'shop' ? 2 : 0) + random());
  const out = 0.035;
  if (o.kind === 'window' || o.kind === 'balconyDoor') {
    const s = 0.13;
    mesh.box([o.x0 - s, o.y0, -0.01], [o.x0, o.y1 + s, out], Material.stone, 1);
    mesh.box([o.x1, o.y0, -0.01], [o.x1 + s, o.y1 + s, out], Material.stone, 1);
    mesh.box([o.x0, o.y1, -0.01], [o.x1, o.y1 + s, out], Material.stone, 1);
  }
  if (o.kind === 'window') {
    mesh.box([o.x0 - 0.16, o.y0 - 0.09, -deep], [o.x1 + 0.16, o.y0, 0.1], Material.stone, 1);
    if (shape.shutters) {
      for (const x of [o.x0 - w / 2 - 0.04, o.x1 + 0.04]) {
        mesh.box([x, o.y0, 0.03], [x + w / 2, o.y1, 0.08], Material.shutter);
      }
    }
  }
  if (o.kind === 'door') {
    mesh.box([o.x0 - 0.22, 0, 0], [o.x0, o.y1 + 0.2, 0.07], Material.stone, 1);
    mesh.box([o.x1, 0, 0], [o.x1 + 0.22, o.y1 + 0.2, 0.07], Material.stone, 1);
    mesh.box([o.x0 - 0.3, o.y1 + 0.2, 0], [o.x1 + 0.3, o.y1 + 0.32, 0.35], Material.stone, 1);
    mesh.box([o.x0 - 0.15, 0, 0], [o.x1 + 0.15, 0.15, 0.5], Material.stone, 1);
  }
  if (o.kind === 'shop')
    mesh.quad([o.x0 - 0.1, o.y1 + 0.15, 0.02], [w + 0.2, 0, 0], [0, -0.35, 1.0], Material.shutter, 1);
  if (o.kind === 'balconyDoor') balcony(mesh, o);
}

function balcony(mesh: MeshBuilder, o: Opening): void {
  const x0 = o.x0 - 0.6;
  const x1 = o.x1 + 0.6;
  mesh.box([x0, o.y0 - 0.2, 0], [x1, o.y0 - 0.02, 1.15], Material.stone, 1);
  const bar = (ax: number, z: number): void =>
    mesh.box([ax - 0.012, o.y0, z], [ax + 0.012, o.y0 + 0.95, z + 0.024], Material.metal, 0.05);
  for (let x = x0 + 0.05; x <= x1 - 0.04; x += 0.13) bar(x, 1.1);
  for (let z = 0.12; z < 1.1; z += 0.14) for (const x of [x0 + 0.05, x1 - 0.05]) bar(x, z);
  mesh.box([x0, o.y0 + 0.95, 1.09], [x1, o.y0 + 1.0, 1.14], Material.metal, 0.05);
  for (const x of [x0, x1 - 0.05]) mesh.box([x, o.y0 + 0.95, 0], [x + 0.05, o.y0 + 1.0, 1.1], Material.metal, 0.05);
}

function sideWalls(mesh: MeshBuilder, random: Random, shape: BuildingShape, top: number): void {
  const half = shape.width / 2;
  for (const side of [-1, 1]) {
    mesh.quad([side * half, 0, 0], [0, 0, -shape.depth], [0, top, 0], Material.plaster, 0, top);
    mesh.triangle(
      [side * half, top, 0],
      [side * half, top, -shape.depth],
      [side * half, top + shape.roofHeight, -shape.depth / 2],
      Material.plaster,
      0,
      top + shape.roofHeight,
    );
    const count = 1 + Math.floor(random() * 3);
    for (let i = 0; i < count; i++) {
      for (let floor = 0; floor < shape.floors; floor++) {
        const z = -shape.depth * ((i + 0.7) / (count + 0.6)) - 0.5;
        const y = shape.base + floor * shape.floorHeight + 0.9;
        mesh.quad([side * (half + 0.012), y, z], [0, 0, 1], [0, 1.3, 0], Material.glass, random(), 1);
        mesh.box([side * half - 0.04, y - 0.08, z - 0.1], [side * half + 0.08, y, z + 1.1], Material.stone, 1);
      }
    }
  }
  mesh.quad([-half, 0, -shape.depth], [shape.width, 0, 0], [0, top, 0], Material.plaster, 0, top);
}

/** Base course, string courses, cornice, drain pipe, house number. */
function trims(mesh: MeshBuilder, random: Random, shape: BuildingShape, top: number, list: readonly Opening[]): void {
  const half = shape.width / 2;
  const holes = list.filter((o) => o.y0 < shape.base).sort((a, b) => a.x0 - b.x0);
  let x = -half - 0.02;
  for (const hole of [...holes, { x0: half + 0.02, x1: half }]) {
    const until = hole.x0 - (hole.x0 < half ? 0.22 : 0);
    if (until > x) mesh.box([x, 0, -0.02], [until, Math.min(shape.base, 0.75), 0.05], Material.stone, 0);
    x = hole.x1 + 0.22;
  }
  if (random() < 0.6) {
    for (let floor = 1; floor < shape.floors; floor++) {
      const y = shape.base + floor * shape.floorHeight + 0.05;
      mesh.box([-half, y, -0.02], [half, y + 0.14, 0.06], Material.stone, 1);
    }
  }
  mesh.box([-half - 0.05, top - 0.28, -0.02], [half + 0.05, top - 0.02, 0.2], Material.stone, 1);
  const pipe = (random() < 0.5 ? -1 : 1) * (half - 0.2);
  mesh.tube(
    [
      [pipe, 0, 0.1],
      [pipe, top, 0.1],
    ],
    [0.05, 0.05],
    8,
    Material.metal,
    0.35,
  );
}

function roof(mesh: MeshBuilder, random: Random, shape: BuildingShape, top: number): void {
  const half = shape.width / 2 + 0.15;
  const eaves = 0.45;
  const rise = shape.roofHeight;
  const run = shape.depth / 2;
  const slope = rise / run;
  const low = top - eaves * slope;
  for (const side of [1, -1]) {
    const z = side > 0 ? eaves : -shape.depth - eaves;
    const length = Math.hypot(run + eaves, rise + eaves * slope);
    mesh.quad(
      [-half, low, z],
      [half * 2, 0, 0],
      [0, rise + eaves * slope, -side * (run + eaves)],
      Material.roof,
      length,
      half * 2,
    );
    mesh.quad([-half, low - 0.14, z], [half * 2, 0, 0], [0, 0.14, 0], Material.wood);
    mesh.quad([-half, low - 0.02, z], [half * 2, 0, 0], [0, 0.02 + eaves * slope, -side * eaves], Material.wood);
  }
  mesh.tube(
    [
      [-half, low - 0.03, eaves + 0.05],
      [half, low - 0.03, eaves + 0.05],
    ],
    [0.075, 0.075],
    8,
    Material.metal,
    0.35,
  );
  const chimneys = 1 + Math.floor(random() * 2);
  for (let i = 0; i < chimneys; i++) {
    const x = between(random, -half + 1, half - 1);
    mesh.box([x - 0.35, top + rise * 0.5, -run - 0.9], [x + 0.35, top + rise + 0.9, -run - 0.3], Material.stone, 0);
  }
  const dormers = random() < 0.55 ? Math.max(1, Math.floor(shape.width / 5)) : 0;
  for (let i = 0; i < dormers; i++) {
    const x = -half + ((i + 0.5) / dormers) * half * 2;
    const y = top + 0.45;
    const z = -(0.45 + 0.1) / slope;
    mesh.box([x - 0.75, y - 0.2, z - 2], [x + 0.75, y + 1.35, z], Material.roof, 2, 1.5);
    mesh.quad([x - 0.55, y + 0.1, z + 0.012], [1.1, 0, 0], [0, 1.05, 0], Material.glass, random(), 1.1);
    mesh.box([x - 0.9, y + 1.35, z - 2.2], [x + 0.9, y + 1.47, z + 0.2], Material.metal, 0.3);
  }
}
