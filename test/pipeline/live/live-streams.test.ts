import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DepthcastError } from '../../../frames/index.ts';
import type { FrameSource } from '../../../pipeline/sources/frame-source.ts';
import { ScriptedCamera } from './scripted-camera.ts';
import { plan, streams, until } from './streams-setup.ts';

describe('a set of streams', () => {
  it('answers one camera although another is dead, and says which', async () => {
    const { set, hubs, report } = streams();
    const [good, dead] = [new ScriptedCamera(), new ScriptedCamera()];
    await set.apply([plan('good', good), plan('dead', dead)]);
    dead.become('waiting');
    good.become('live');
    while (hubs.get('good')!.answers.length < 15) {
      good.send();
      await sleep(5);
    }
    expect(report('good').state).toMatch(/^(live|thinned)$/);
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
});
