import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DepthFrame } from '../../../frames/index.ts';
import { type InferenceClient, openModel } from '../../../models/index.ts';
import { balanceOf } from '../../../pipeline/live/frame-ledger.ts';
import { LiveStreams } from '../../../pipeline/live/live-streams.ts';
import type { StreamPlan } from '../../../pipeline/live/stream-plan.ts';
import { Telemetry } from '../../../pipeline/telemetry/telemetry.ts';
import { madeFrame } from '../../models/street-frames.ts';
import { ScriptedCamera } from './scripted-camera.ts';

const size = { width: 320, height: 96 };

describe('two cameras at one real model', { timeout: 240_000 }, () => {
  let model: InferenceClient;
  let fallback: InferenceClient;
  beforeAll(async () => {
    [model, fallback] = await Promise.all([
      openModel('tc-depth-lite', { threads: 1, source: size }),
      openModel('tc-depth-lite-single', { threads: 1, source: size }),
    ]);
  });
  afterAll(() => Promise.all([model.close(), fallback.close()]));

  /** Two streams that play until the test ends, and what was answered on each. */
  async function play() {
    const telemetry = new Telemetry();
    const answers = new Map<string, DepthFrame[]>();
    const quiet = (): void => {};
    const streams = new LiveStreams({
      model,
      fallback,
      telemetry,
      log: { debug: quiet, info: quiet, warn: quiet },
      server: {
        addStream: (name) => {
          const own: DepthFrame[] = [];
          answers.set(name, own);
          return { publish: (answer) => void own.push(answer), end: quiet };
        },
        removeStream: async () => {},
      },
    });
    const cameras = ['left', 'right'].map(
      (name) =>
        [name, new ScriptedCamera((index, given) => madeFrame(index, 320, 96, { stream: name, ...given }))] as const,
    );
    const plan = (name: string, camera: ScriptedCamera): StreamPlan => ({
      name,
      key: name,
      open: async () => camera,
      size: () => size,
      loop: false,
      // A machine that is busy with other things is no reason for this test to fail.
      staleAfterMs: 60_000,
    });
    await streams.apply(cameras.map(([name, camera]) => plan(name, camera)));
    let playing = true;
    const beat = (async () => {
      while (playing) {
        for (const [, camera] of cameras) camera.send();
        await sleep(60);
      }
    })();
    onTestFinished(async () => {
      playing = false;
      await beat;
      await streams.close(5000);
      telemetry.close();
      for (const report of streams.reports()) {
        expect({ name: report.name, balance: balanceOf(report), inside: report.inside }).toEqual({
          name: report.name,
          balance: 0,
          inside: 0,
        });
        expect(report.source.emitted).toBe(report.in);
      }
    });
    const enough = async (count: number, fits: (answer: DepthFrame) => boolean = () => true): Promise<void> => {
      while ([...answers.values()].some((own) => own.filter(fits).length < count)) await sleep(20);
    };
    return { answers, enough, streams };
  }

  it('are answered in turn, each in its own order, and every frame is accounted for', async () => {
    const { answers, enough } = await play();
    await enough(10, ({ estimator }) => estimator === 'tc-depth-lite');
    for (const [name, own] of answers) {
      const indices = own.map(({ frame }) => frame.index);
      expect(indices).toEqual([...indices].sort((a, b) => a - b));
      expect(own.every(({ frame }) => frame.stream === name)).toBe(true);
    }
    const [left, right] = [...answers.values()].map((own) => own.length) as [number, number];
    expect(Math.abs(left - right)).toBeLessThanOrEqual(Math.max(4, 0.3 * (left + right)));
  });

  it('go on while the worker of the model dies again and again: the fallback answers, then the model again', async () => {
    const { answers, enough, streams } = await play();
    await enough(3, ({ estimator }) => estimator === 'tc-depth-lite');
    for (let death = 0; death < 3; death++) {
      await model.interrupt();
      const died = performance.now();
      const before = new Map([...answers].map(([name, own]) => [name, own.length]));
      // Nobody waits for it: the fallback answers meanwhile, after what the model had answered already.
      const isBack = (): boolean =>
        [...answers].every(([name, own]) => {
          const since = own.slice(before.get(name));
          const at = since.findIndex(({ fallbackReason }) => fallbackReason === 'inference-error');
          return at >= 0 && since.slice(at).some(({ estimator }) => estimator === 'tc-depth-lite');
        });
      while (!isBack()) await sleep(10);
      console.info(
        `the model answered both cameras again ${(performance.now() - died).toFixed(0)} ms after its worker died`,
      );
    }
    const faults = streams.reports().reduce((sum, { modelFaults }) => sum + modelFaults, 0);
    const byFallback = [...answers.values()]
      .flat()
      .filter(({ fallbackReason }) => fallbackReason === 'inference-error');
    expect(byFallback.length).toBeGreaterThan(0);
    // The fallback answers longer than the faults last: the model has to answer well for a while first.
    expect(faults).toBeGreaterThanOrEqual(3);
  });
});
