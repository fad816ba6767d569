import { DepthcastError, type DepthMap, type FrameWindow } from '../../frames/index.ts';
import type { DepthEstimator } from '../../operators/index.ts';

/** A model whose thread may die and be started again. */
export interface RestartingModel extends DepthEstimator {
  /** Whether an estimate would be worked on at once. */
  readonly isReady: boolean;
  /** Starts what died; rejects where that is of no use now. */
  restart(): Promise<void>;
  estimate(window: FrameWindow): Promise<DepthMap>;
}

/**
 * The same model for live streams: while its thread is being started again, windows are refused at once and the fallback
 * answers them. Footage would wait for it; a camera would have nothing to show for as long as loading takes.
 */
export function whileReady(model: RestartingModel): DepthEstimator {
  return {
    id: model.id,
    contextOffsets: model.contextOffsets,
    inFlight: model.inFlight,
    async estimate(window) {
      if (model.isReady) return model.estimate(window);
      model.restart().catch(() => {});
      throw beingStarted(model.id);
    },
  };
}

/** Whether a model is one that starts again. */
export function isRestarting(model: DepthEstimator): model is RestartingModel {
  return 'isReady' in model && 'restart' in model;
}

function beingStarted(id: string): DepthcastError {
  return new DepthcastError('model-crashed', `The model ${id} is being started again.`, {
    advice: 'The fallback answers until it is back.',
    facts: { model: id },
  });
}
