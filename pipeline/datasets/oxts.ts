import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type DatasetText, numbersOf, readDatasetText } from './dataset-text.ts';
import { compose, type RigidTransform, rigid } from './rigid-transform.ts';

/** The part of an OXTS packet that gives a pose. */
export interface OxtsPacket {
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
  /** Metres. */
  readonly altitude: number;
  /** Radians; 0 = level, positive = left side up / front down / anticlockwise from east, as KITTI has them. */
  readonly roll: number;
  readonly pitch: number;
  readonly yaw: number;
}

/** Numbers in a line of an OXTS file (`dataformat.txt` of KITTI raw). */
const FIELDS = 30;

/** Radius of the earth in metres that the conversion of KITTI's development kit uses. */
const EARTH = 6_378_137;

/** Reads the packets of a KITTI raw `oxts/data` folder in the order of their names. Throws `calibration-invalid`. */
export async function readOxts(directory: string): Promise<OxtsPacket[]> {
  return [...(await packetsIn(directory, await readdir(directory))).values()];
}

/** The same by the number of the frame; `undefined` where the drive has no such folder or no packets in it. */
export async function readOxtsByNumber(directory: string): Promise<ReadonlyMap<number, OxtsPacket> | undefined> {
  const packets = await packetsIn(directory, await readdir(directory).catch(() => []));
  return packets.size === 0 ? undefined : packets;
}

async function packetsIn(directory: string, names: readonly string[]): Promise<Map<number, OxtsPacket>> {
  const packets = new Map<number, OxtsPacket>();
  for (const name of names.filter((each) => /^\d+\.txt$/.test(each)).sort()) {
    const text = await readDatasetText(path.join(directory, name), 'calibration-invalid');
    packets.set(Number.parseInt(name, 10), packetOf(text));
  }
  return packets;
}

function packetOf(source: DatasetText): OxtsPacket {
  if (source.lines.length !== 1) throw source.fault(0, `has ${source.lines.length} lines, not 1`);
  const values = numbersOf(source, 1, source.lines[0]!, FIELDS);
  const [latitude, longitude, altitude, roll, pitch, yaw] = values as [number, number, number, number, number, number];
  if (Math.abs(latitude) > 89 || Math.abs(longitude) > 360) throw source.fault(1, 'has a place that is not on the map');
  return { latitude, longitude, altitude, roll, pitch, yaw };
}

/**
 * `worldFromImu` of each packet. The world's axes point east, north and up, its origin is the first packet's place.
 *
 * The plane is a Mercator projection whose scale is true at the first packet's latitude, as in `convertOxtsToPose` of
 * KITTI's raw data development kit (Geiger et al., "Vision meets Robotics: The KITTI Dataset", IJRR 2013, section on
 * GPS/IMU): with s = cos(lat0), x = s·R·lon, y = s·R·ln tan(π/4 + lat/2); rotation Rz(yaw)·Ry(pitch)·Rx(roll).
 */
export function worldFromImu(packets: readonly OxtsPacket[]): RigidTransform[] {
  const first = packets[0];
  if (!first) return [];
  const scale = Math.cos(radians(first.latitude));
  const place = (p: OxtsPacket): [number, number, number] => [
    scale * EARTH * radians(p.longitude),
    scale * EARTH * Math.log(Math.tan(Math.PI / 4 + radians(p.latitude) / 2)),
    p.altitude,
  ];
  const origin = place(first);
  return packets.map((packet) => {
    const at = place(packet).map((value, i) => value - origin[i]!);
    const turn = compose(turnZ(packet.yaw), compose(turnY(packet.pitch), turnX(packet.roll)));
    return compose(rigid([1, 0, 0, 0, 1, 0, 0, 0, 1], at), turn);
  });
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function turnX(angle: number): RigidTransform {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return rigid([1, 0, 0, 0, c, -s, 0, s, c], [0, 0, 0]);
}

function turnY(angle: number): RigidTransform {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return rigid([c, 0, s, 0, 1, 0, -s, 0, c], [0, 0, 0]);
}

function turnZ(angle: number): RigidTransform {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return rigid([c, -s, 0, s, c, 0, 0, 0, 1], [0, 0, 0]);
}
