import { existsSync } from 'node:fs';
import { DepthcastError } from '../frames/index.ts';
import type { Device } from './device.ts';
import type { LoadOrder } from './inference-messages.ts';
import { onProbation } from './probation.ts';

/** What `auto` tries, in this order, before it takes the CPU. */
const AUTO_ORDER: Readonly<Partial<Record<NodeJS.Platform, readonly Device[]>>> = {
  linux: ['cuda', 'webgpu'],
  win32: ['dml', 'webgpu'],
  darwin: ['coreml', 'webgpu'],
};

/** Signs of a graphics processor on Linux, without which nothing needs to be tried there. */
const SIGNS: Readonly<Partial<Record<Device, readonly string[]>>> = {
  cuda: ['/dev/nvidia0', '/dev/dxg'],
  webgpu: ['/dev/dri', '/dev/nvidia0', '/dev/dxg'],
};

/** Milliseconds of computing that a device's trial may take beyond those of the CPU: drivers compile on their first run. */
const WARM_UP = 10_000;

/** Whether a model of this process holds WebGPU: the runtime has one context a process, and two sessions upset it. */
let webgpuTaken = false;

/** A device that was decided on. */
export interface ChosenDevice {
  readonly device: Device;
  /** Gives it back when the model on it is closed. */
  release(): void;
}

/** What `auto` tries on this machine before the CPU; none where no graphics processor shows. */
export function candidates(platform: NodeJS.Platform, exists: (path: string) => boolean): readonly Device[] {
  const order = AUTO_ORDER[platform] ?? [];
  return platform === 'linux' ? order.filter((device) => SIGNS[device]?.some(exists)) : order;
}

/**
 * Decides where a model runs. Each device but the CPU is tried on it in a process of its own first, since drivers crash
 * and talk, and has to answer what the CPU does. `auto` takes the first that does, else the CPU; `onWarning` hears of
 * those that failed.
 *
 * Rejects with `option-invalid` where a device that was asked for by name is not there or not sound.
 */
export async function chooseDevice(
  wish: Device | 'auto',
  order: LoadOrder,
  deadlineMs: number,
  onWarning: (text: string) => void = () => {},
): Promise<ChosenDevice> {
  if (wish !== 'auto') return taken(wish, order, deadlineMs);
  for (const device of candidates(process.platform, existsSync)) {
    try {
      return await taken(device, order, deadlineMs);
    } catch (error) {
      onWarning(`${(error as Error).message} It runs on the CPU, or on the next device.`);
    }
  }
  return taken('cpu', order, deadlineMs);
}

async function taken(device: Device, order: LoadOrder, deadlineMs: number): Promise<ChosenDevice> {
  if (device === 'cpu') return { device, release() {} };
  if (device === 'webgpu') {
    if (webgpuTaken) throw unfit(order, device, 'another model of this process runs there');
    if (Object.keys(order.files).length > 1) throw unfit(order, device, 'it has several graphs, and one is the limit');
    webgpuTaken = true;
  }
  const release = (): void => {
    if (device === 'webgpu') webgpuTaken = false;
  };
  try {
    await onProbation({ ...order, device }, deadlineMs + WARM_UP);
  } catch (cause) {
    release();
    const { message, facts } = cause as DepthcastError;
    throw unfit(order, device, typeof facts?.['reason'] === 'string' ? facts['reason'] : message, cause);
  }
  return { device, release };
}

function unfit({ card }: LoadOrder, device: Device, reason: string, cause?: unknown): DepthcastError {
  return new DepthcastError('option-invalid', `${card.id} cannot run on ${device} here.`, {
    advice: 'Say --device cpu, or auto to take what there is.',
    facts: { device, model: card.id, reason: reason.slice(0, 500) },
    cause,
  });
}
