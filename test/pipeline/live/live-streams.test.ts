import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DepthcastError, type DepthFrame, type FrameWindow } from '../../../frames/index.ts';
import type { DepthEstimator } from '../../../operators/index.ts';
import { balanceOf } from '../../../pipeline/live/frame-ledger.ts';
import { LiveStreams } from '../../../pipeline/live/live-streams.ts';
import type { StreamPlan } from '../../../pipeline/live/stream-plan.ts';
import type { FrameSource } from '../../../pipeline/sources/frame-source.ts';
import { Telemetry } from '../../../pipeline/telemetry/telemetry.ts';
import { depthMap } from '../../operators/frames.ts';
import { ScriptedCamera } from './scripted-camera.ts';

/** Waits for what is bound to come; that it does not come ends the test by its time limit. */
async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await sleep(5);
}

class Hub {
  readonly answers: DepthFrame[] = [];
  ended = false;
  publish(answer: DepthFrame): void {
    this.answers.push(answer);
  }
  end(): void {
    this.ended = true;
  }
}

const size = { width: 8, height: 4 };
const plan = (name: string, source: FrameSource | Error, given: Partial<StreamPlan> = {}): StreamPlan => ({
  name,
  key: name,
  open: async () => {
    if (source instanceof Error) throw source;
    return source;
  },
  size: () => size,
  loop: false,
  ...given,
});

/** Streams over a model that takes a moment; `wrong` makes it fail. */
function streams(estimate: (window: FrameWindow) => Promise<ReturnType<typeof depthMap>> = quick) {
  const hubs = new Map<string, Hub>();
  const removed: string[] = [];
  const said: string[] = [];
  const telemetry = new Telemetry();
  const tell = (_: object, sentence: string): number => said.push(sentence);
  const estimator = (id: string, contextOffsets: readonly number[]): DepthEstimator => ({
    id,
    contextOffsets,
    inFlight: 2,
    estimate: id === 'model' ? estimate : quick,
  });
  const set = new LiveStreams({
    model: estimator('model', [-1, 1]),
    fallback: estimator('single', []),
    telemetry,
    log: { debug: tell, info: tell, warn: tell },
    server: {
      addStream: (name) => {
        const hub = new Hub();
        hubs.set(name, hub);
        return hub;
      },
      removeStream: async (name) => void removed.push(name),
    },
  });
  onTestFinished(async () => {
    await set.close(0);
    telemetry.close();
    for (const report of set.reports()) expectWhole(report);
  });
  const report = (name: string) => set.reports().find((each) => each.name === name)!;
  return { set, hubs, removed, said, report, telemetry };
}

/** Every frame is accounted for, and nothing is inside any more. */
function expectWhole(report: ReturnType<LiveStreams['reports']>[number]): void {
  const { source } = report;
  expect({ name: report.name, balance: balanceOf(report), inside: report.inside }).toEqual({
    name: report.name,
    balance: 0,
    inside: 0,
  });
  const discarded = Object.values(source.discarded).reduce((sum, count) => sum + count, 0);
  expect(source.decoded).toBe(source.emitted + discarded);
  if (source.decoded > 0) expect(source.emitted).toBe(report.in);
}

async function quick(): Promise<ReturnType<typeof depthMap>> {
  await sleep(1);
  return depthMap(10);
}

describe('a set of streams', () => {
  it('answers one camera although another is dead, and says which', async () => {
    const { set, hubs, report } = streams();
    const [good, dead] = [new ScriptedCamera(), new ScriptedCamera()];
    await set.apply([plan('good', good), plan('dead', dead)]);
    dead.become('waiting');
    good.become('live');
    // A frame that comes while the machine is held up may be let go.
    for (let i = 0; i < 20 || hubs.get('good')!.answers.length < 15; i++) {
      good.send();
      await sleep(5);
    }
    await until(() => hubs.get('good')!.answers.length >= 15);
    expect(['live', 'thinned']).toContain(report('good').state);
    expect(report('dead')).toMatchObject({ state: 'waiting', in: 0, out: 0 });
    expect(hubs.get('dead')!.answers).toEqual([]);
  });

  it('adds, removes and re-points by name; who is kept notices nothing, and a re-pointed stream goes on in time', async () => {
    const { set, hubs, removed, report } = streams();
    const cameras = [0, 1, 2, 3].map(() => new ScriptedCamera());
    const applied = await set.apply([plan('a', cameras[0]!), plan('b', cameras[1]!)]);
    expect(applied).toEqual({ added: ['a', 'b'], removed: [], changed: [], kept: [] });
    const hub = hubs.get('a')!;
    cameras[0]!.send(5);
    await until(() => hub.answers.length >= 3);

    const second = await set.apply([plan('a', cameras[2]!, { key: 'elsewhere' }), plan('c', cameras[3]!)]);
    expect(second).toEqual({ added: ['c'], removed: ['b'], changed: ['a'], kept: [] });
    expect(removed).toEqual(['b']);
    expect(hubs.get('a')).toBe(hub);
    const before = hub.answers.length;
    cameras[2]!.send(5);
    await until(() => hub.answers.length >= before + 3);
    const indices = hub.answers.map(({ frame }) => frame.index);
    const times = hub.answers.map(({ frame }) => frame.timestamp);
    expect(indices).toEqual([...indices].sort((a, b) => a - b));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(hub.answers[before]!.frame.segmentStart).toBe('reconnect');
    expect(report('a').in).toBe(10);

    expect(await set.apply([plan('a', cameras[2]!, { key: 'elsewhere' }), plan('c', cameras[3]!)])).toEqual({
      added: [],
      removed: [],
      changed: [],
      kept: ['a', 'c'],
    });
  });

  it('changes nothing where one of the new sources cannot be opened', async () => {
    const { set, removed, report } = streams();
    const camera = new ScriptedCamera();
    await set.apply([plan('a', camera)]);
    const missing = new DepthcastError('input-not-found', 'It was not found.', { advice: 'Look.' });
    const wrong = set.apply([plan('b', new ScriptedCamera()), plan('c', missing)]);
    await expect(wrong).rejects.toMatchObject({ code: 'input-not-found' });
    expect(set.reports().map(({ name }) => name)).toEqual(['a']);
    expect(removed).toEqual([]);
    camera.send(4);
    await until(() => report('a').out >= 2);
  });

  it('ends a file whose size the network cannot take, with the reason, and no other stream', async () => {
    const { set, hubs, report } = streams();
    const info = { live: false, size: { width: 7, height: 5 }, hasPoses: false } as const;
    const file: FrameSource = {
      info,
      frames: () => {
        throw new Error('It must not be read.');
      },
    };
    const camera = new ScriptedCamera();
    const unfit = (): never => {
      throw new DepthcastError('option-invalid', '7x5 does not do.', { advice: 'Choose a size.' });
    };
    await set.apply([plan('file', file, { size: unfit }), plan('cam', camera)]);
    camera.send(4);
    await until(() => hubs.get('cam')!.answers.length >= 2);
    expect(report('file')).toMatchObject({ state: 'failed', fault: { code: 'option-invalid' } });
    expect(hubs.get('file')!.ended).toBe(true);
  });

  it('answers by the fallback while the model fails, says so once, and says when it is over', async () => {
    let broken = true;
    const { set, hubs, said, report } = streams(async () => {
      await sleep(1);
      if (broken) throw new DepthcastError('model-crashed', 'The model lost its thread.', { advice: 'Wait.' });
      return depthMap(10);
    });
    const camera = new ScriptedCamera();
    await set.apply([plan('cam', camera)]);
    camera.become('live');
    const hub = hubs.get('cam')!;
    const play = async (frames: number): Promise<void> => {
      for (let i = 0; i < frames; i++) {
        camera.send();
        await sleep(8);
      }
    };
    await play(12);
    while (report('cam').modelFaults < 3) await play(1);
    expect(report('cam').state).toBe('degraded');
    await until(() => hub.answers.some(({ fallbackReason }) => fallbackReason === 'inference-error'));
    expect(said.filter((line) => line.includes('fails again and again'))).toHaveLength(1);
    broken = false;
    await play(6);
    while (hub.answers.at(-1)?.estimator !== 'model') await play(1);
  });

  it('answers what is inside before a stream is stopped, and counts what it cannot', async () => {
    const { set, hubs, report } = streams(async () => {
      await sleep(50);
      return depthMap(10);
    });
    const camera = new ScriptedCamera();
    await set.apply([plan('cam', camera)]);
    camera.send(4);
    await until(() => report('cam').in === 4);
    await set.close(60_000);
    // Nothing was on its way but what one window after the other lets pass.
    expect(report('cam')).toMatchObject({ in: 4, inside: 0 });
    expect(hubs.get('cam')!.answers.length).toBeGreaterThan(0);
    expect(report('cam').dropped['window/stopped']).toBeUndefined();
  });

  it('lets go what takes too long to answer, and books it', async () => {
    const never = new Promise<never>(() => {});
    const { set, report } = streams(() => never);
    const camera = new ScriptedCamera();
    await set.apply([plan('cam', camera)]);
    camera.send(6);
    await until(() => report('cam').in === 6);
    await set.close(20);
    expect(report('cam').inside).toBe(0);
    expect(report('cam').dropped['window/stopped']).toBeGreaterThan(0);
  });

  it('says stalled, and why, of a stream that answers nothing though frames come in', async () => {
    let hangs = true;
    const { set, hubs, said, report } = streams(() => (hangs ? new Promise(() => {}) : quick()));
    const camera = new ScriptedCamera();
    await set.apply([plan('cam', camera)]);
    camera.become('live');
    const feeding = setInterval(() => camera.send(), 40);
    onTestFinished(() => clearInterval(feeding));
    await until(() => ['live', 'stalled'].includes(report('cam').state));
    await until(() => report('cam').state === 'stalled');
    expect(report('cam').fault?.message).toMatch(/none was answered for \d\.\d s/);
    // The window at the beginning of the stream has a gap, so that the fallback answers it.
    expect(hubs.get('cam')!.answers.every(({ estimator }) => estimator === 'single')).toBe(true);
    await until(() => said.some((line) => line.includes('none was answered')));
    hangs = false;
    expect(report('cam').dropped['window/late']).toBeGreaterThan(0);
  });

  it('shows a camera of one frame a second, whose pictures wait a second for the next one', async () => {
    const { set, hubs, report } = streams();
    const camera = new ScriptedCamera();
    await set.apply([plan('slow', camera)]);
    camera.become('live');
    const hub = hubs.get('slow')!;
    camera.send();
    for (let sent = 1; sent < 4; sent++) {
      await sleep(1100);
      camera.send();
    }
    await until(() => hub.answers.length >= 3);
    expect(report('slow')).toMatchObject({ state: 'live', dropped: {} });
  });

  it('says why a camera is not read whose reading ended by a fault of ours', async () => {
    const { set, report } = streams();
    const camera = new ScriptedCamera();
    await set.apply([plan('cam', camera)]);
    camera.become('closed');
    camera.breakDown(new DepthcastError('decoder-output', 'It made no sense.', { advice: 'Look.' }));
    await until(() => report('cam').fault !== undefined);
    expect(report('cam')).toMatchObject({ state: 'waiting', fault: { code: 'decoder-output' } });
  });

  it('goes by the newest plan where the old one is still opening its source again', async () => {
    const { set, hubs, report } = streams();
    const [old, late, fresh] = [new ScriptedCamera(), new ScriptedCamera(), new ScriptedCamera()];
    let open = (): void => {};
    const opening = new Promise<void>((resolve) => {
      open = resolve;
    });
    let opened = 0;
    const slowly = async () => {
      if (opened++ > 0) await opening;
      return opened === 1 ? old : late;
    };
    await set.apply([plan('cam', old, { open: slowly })]);
    old.breakDown(new Error('broken'));
    await until(() => opened === 2);
    await set.apply([plan('cam', fresh, { key: 'elsewhere' })]);
    open();
    await sleep(10);
    late.send(4);
    fresh.send(4);
    await until(() => hubs.get('cam')!.answers.length > 0);
    expect(report('cam').in).toBe(4);
  });

  it('is over once a reload has removed the last stream that was not', async () => {
    const { set } = streams();
    const info = { live: false, size: { width: 8, height: 4 }, hasPoses: false } as const;
    const file: FrameSource = { info, frames: async function* () {} };
    await set.apply([plan('file', file), plan('cam', new ScriptedCamera())]);
    let isOver = false;
    void set.whenOver().then(() => {
      isOver = true;
    });
    await sleep(20);
    expect(isOver).toBe(false);
    await set.apply([plan('file', file)]);
    await until(() => isOver);
  });

  it('counts what a camera has read once after a reload made its stream a file', async () => {
    const { set, report, telemetry } = streams();
    const camera = new ScriptedCamera();
    await set.apply([plan('a', camera)]);
    camera.send(5);
    await until(() => report('a').in === 5);
    const info = { live: false, size: { width: 8, height: 4 }, hasPoses: false } as const;
    await set.apply([plan('a', { info, frames: async function* () {} }, { key: 'file' })]);
    expect(report('a').source.decoded).toBe(5);
    expect(await telemetry.text()).not.toContain('depthcast_source_frames_total{stream="a"} 10');
  });

  it('reads a camera again whose reading ended by a fault of ours', async () => {
    const { set, hubs, said } = streams();
    const cameras = [new ScriptedCamera(), new ScriptedCamera()];
    let opened = 0;
    await set.apply([plan('cam', cameras[0]!, { open: async () => cameras[opened++]! })]);
    cameras[0]!.send(3);
    await until(() => hubs.get('cam')!.answers.length > 0);
    cameras[0]!.breakDown(new Error('broken'));
    await until(() => opened === 2);
    const before = hubs.get('cam')!.answers.length;
    cameras[1]!.send(3);
    await until(() => hubs.get('cam')!.answers.length > before);
    expect(said.some((line) => line.includes('reading ended'))).toBe(true);
  });
});
