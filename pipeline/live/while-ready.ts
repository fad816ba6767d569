import { DepthcastError, type DepthMap, type FrameWindow } from '../../frames/index.ts';
import type { DepthEstimator } from '../../operators/index.ts';

/** A model whose thread may die and be started again. */
export interface RestartingModel extends DepthEstimator {
  /** Whether an estimate would be worked on at once. */
  readonly isReady: boolean;
  /** Starts what died; rejects where that is of no use now. */
  restart(): Promise<void>;
  /** Ends a thread that does not answer; {@link restart} starts another. */
  interrupt(): Promise<void>;
  estimate(window: FrameWindow): Promise<DepthMap>;
}

/** Milliseconds after which a live stream takes a model for hung: no picture is shown that took a tenth of that. */
const DEADLINE_MS = 10_000;

/**
 * The same model for live streams: while its thread is being started again, windows are refused at once and the fallback
 * answers them. Footage would wait for it; a camera would have nothing to show for as long as loading takes. A model that
 * does not answer a window within `deadlineMs` is started again: else nothing would ever be asked after it.
 */
export function whileReady(model: RestartingModel, deadlineMs = DEADLINE_MS): DepthEstimator {
  let interrupting: Promise<void> | undefined;
  /** Grows with each interruption: a window that was asked before one says nothing about the model after it. */
  let life = 0;
  const interrupt = (asked: number): void => {
    if (asked !== life) return;
    life++;
    interrupting = model
      .interrupt()
      .then(() => model.restart())
      .catch(() => {})
      .finally(() => {
        interrupting = undefined;
      });
  };
  return {
    id: model.id,
    contextOffsets: model.contextOffsets,
    inFlight: model.inFlight,
    async estimate(window) {
      if (interrupting || !model.isReady) {
        if (!interrupting) model.restart().catch(() => {});
        throw beingStarted(model.id);
      }
      const asked = life;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          interrupt(asked);
          reject(tooLate(model.id, deadlineMs));
        }, deadlineMs);
      });
      try {
        return await Promise.race([model.estimate(window), late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Whether a model is one that starts again. */
export function isRestarting(model: DepthEstimator): model is RestartingModel {
  return 'isReady' in model && 'restart' in model && 'interrupt' in model;
}

function tooLate(id: string, deadlineMs: number): DepthcastError {
  return new DepthcastError('model-crashed', `The model ${id} did not answer within ${deadlineMs / 1000} s.`, {
    advice: 'It is started again; the fallback answers until it is back.',
    facts: { model: id, deadlineMs },
  });
}

function beingStarted(id: string): DepthcastError {
  return new DepthcastError('model-crashed', `The model ${id} is being started again.`, {
    advice: 'The fallback answers until it is back.',
    facts: { model: id },
  });
}
