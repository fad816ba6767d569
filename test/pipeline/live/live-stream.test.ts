import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DepthcastError } from '../../../frames/index.ts';
import { depthMap } from '../../operators/frames.ts';
import { ScriptedCamera } from './scripted-camera.ts';
import { plan, quick, streams, until } from './streams-setup.ts';

describe('a live stream', () => {
  it('answers by the fallback while the model fails, says so once, and goes back to the model', async () => {
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
    const playUntil = async (happened: () => boolean): Promise<void> => {
      while (!happened()) {
        camera.send();
        await sleep(8);
      }
    };
    await playUntil(() => report('cam').modelFaults >= 3);
    expect(report('cam').state).toBe('degraded');
    await playUntil(() => hub.answers.some(({ fallbackReason }) => fallbackReason === 'inference-error'));
    expect(said.filter((line) => line.includes('fails again and again'))).toHaveLength(1);
    broken = false;
    await playUntil(() => hub.answers.at(-1)?.estimator === 'model');
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
    await until(() => report('cam').state === 'stalled');
    expect(report('cam').fault?.message).toMatch(/none was answered for \d\.\d s/);
    // The window at the beginning of the stream has a gap, so that the fallback answers it.
    expect(hubs.get('cam')!.answers.every(({ estimator }) => estimator === 'single')).toBe(true);
    await until(() => said.some((line) => line.includes('none was answered')));
    hangs = false;
    expect(report('cam').dropped['window/late']).toBeGreaterThan(0);
  });

  it('is not called silent for the time in which its camera was away', async () => {
    const { set, said, report } = streams(() => new Promise(() => {}));
    const camera = new ScriptedCamera();
    await set.apply([plan('cam', camera)]);
    camera.become('live');
    camera.send(4);
    // The first window has a gap, so that the fallback answers it.
    await until(() => report('cam').out === 1);
    camera.send();
    await until(() => report('cam').in === 5);
    camera.become('waiting');
    const now = performance.now.bind(performance);
    const later = vi.spyOn(performance, 'now').mockImplementation(() => now() + 20_000);
    onTestFinished(() => later.mockRestore());
    camera.become('live');
    camera.send();
    await until(() => report('cam').in === 6);
    expect(report('cam')).toMatchObject({ state: expect.stringMatching(/^(live|thinned)$/), fault: undefined });
    expect(said.filter((line) => line.includes('none was answered'))).toEqual([]);
  });

  it('shows a camera of one frame a second, whose pictures wait a second for the next one', async () => {
    const { set, hubs, report } = streams();
    const camera = new ScriptedCamera();
    await set.apply([plan('slow', camera, { staleAfterMs: undefined })]);
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

  it('tells how long scoring took, once for each answer', async () => {
    const { set, hubs, telemetry, report } = streams();
    const camera = new ScriptedCamera();
    await set.apply([plan('cam', camera)]);
    camera.send(5);
    await until(
      () => report('cam').out + Object.values(report('cam').dropped).length >= 3 && report('cam').inside <= 1,
    );
    const scored = /depthcast_stage_latency_seconds_count\{stream="cam",stage="score"\} (\d+)/;
    expect(Number(scored.exec(await telemetry.text())?.[1])).toBe(hubs.get('cam')!.answers.length);
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
