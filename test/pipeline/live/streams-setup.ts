import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { DepthFrame, FrameWindow } from '../../../frames/index.ts';
import type { DepthEstimator } from '../../../operators/index.ts';
import { balanceOf } from '../../../pipeline/live/frame-ledger.ts';
import { LiveStreams } from '../../../pipeline/live/live-streams.ts';
import type { StreamPlan } from '../../../pipeline/live/stream-plan.ts';
import type { FrameSource } from '../../../pipeline/sources/frame-source.ts';
import { Telemetry } from '../../../pipeline/telemetry/telemetry.ts';
import { depthMap } from '../../operators/frames.ts';

/** Waits for what is bound to come; that it does not come ends the test by its time limit. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await sleep(5);
}

/** A stream's place at a server that nobody watches. */
export class Hub {
  readonly answers: DepthFrame[] = [];
  ended = false;
  publish(answer: DepthFrame): void {
    this.answers.push(answer);
  }
  end(): void {
    this.ended = true;
  }
}

/** Size of the tiny frames. */
export const size = { width: 8, height: 4 };

/** A plan for a stream over a source, or over one that cannot be opened. */
export const plan = (name: string, source: FrameSource | Error, given: Partial<StreamPlan> = {}): StreamPlan => ({
  name,
  key: name,
  open: async () => {
    if (source instanceof Error) throw source;
    return source;
  },
  size: () => size,
  loop: false,
  // A machine that is busy with other things is no reason for a test to fail.
  staleAfterMs: 60_000,
  ...given,
});

/** Streams over a model that takes a moment, or does what `estimate` says; at the test's end every frame is accounted for. */
export function streams(estimate: (window: FrameWindow) => Promise<ReturnType<typeof depthMap>> = quick) {
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

/** An answer after a moment. */
export async function quick(): Promise<ReturnType<typeof depthMap>> {
  await sleep(1);
  return depthMap(10);
}
