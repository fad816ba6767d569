import { parentPort, workerData } from 'node:worker_threads';
import { type InferenceReply, type InferenceRequest, sendableError, type ThreadOrder } from './inference-messages.ts';
import { ModelRunner } from './model-runner.ts';
import { RuntimeGate } from './runtime-gate.ts';

/**
 * Entry of the inference thread: loads one model, then answers estimates one after the other. It ends on `close`, or
 * when its model cannot be loaded.
 */
const port = parentPort;
if (!port) throw new Error('inference-worker is the entry of a worker thread');

const { order, gate: cells } = workerData as ThreadOrder;
const gate = new RuntimeGate(cells);

const send = (reply: InferenceReply, transfer: ArrayBuffer[] = []): void => port.postMessage(reply, transfer);

async function serve(model: ModelRunner, request: Exclude<InferenceRequest, { type: 'stop' }>): Promise<void> {
  if (request.type === 'close') {
    await gate.pass(() => model.close());
    port!.close();
    return;
  }
  try {
    const depth = await gate.pass(() => model.estimate(request.pictures));
    send({ type: 'depth', id: request.id, depth, statistics: model.statistics }, [depth.buffer]);
  } catch (error) {
    const advice = 'Check the sizes of the frames; the next frame is tried again.';
    send({
      type: 'missed',
      id: request.id,
      error: sendableError(error, 'model-crashed', 'The model failed on a frame.', advice),
    });
  }
}

try {
  const model = await gate.pass(() => ModelRunner.load(order));
  // Runs of the runtime do not overlap anyway; taking turns keeps the feature cache and the reused input simple.
  let turn = Promise.resolve();
  port.on('message', (request: InferenceRequest) => {
    // A message is read between two runs, never inside one, so that this thread may end here.
    if (request.type === 'stop') {
      gate.leave();
      process.exit(1);
    }
    turn = turn.then(() => serve(model, request));
  });
  send({ type: 'ready' });
} catch (error) {
  send({
    type: 'failed',
    error: sendableError(error, 'model-invalid', 'The model cannot be loaded.', 'Export it again.'),
  });
}
