import { Worker } from 'node:worker_threads';
import { type InferenceReply, type LoadOrder, sendableError } from './inference-messages.ts';
import { ModelRunner } from './model-runner.ts';

/**
 * Entry of the process in which an unknown model is loaded and run once; it says how that went, and ends.
 * Its argument: milliseconds after which it ends in any case.
 *
 * The parent ends it too; the watch here is for a parent that was killed meanwhile. It needs a thread of its own, since
 * a model that hangs holds this one.
 */
const watch = "setTimeout(() => process.kill(process.pid, 'SIGKILL'), require('node:worker_threads').workerData)";
new Worker(watch, { eval: true, workerData: 1000 + Number(process.argv[2]) }).unref();

process.once('message', (order: LoadOrder) => {
  const tried = order.device === 'cpu' ? ModelRunner.load(order) : ModelRunner.compare(order);
  tried.then(
    () => say({ type: 'ready' }),
    (error) =>
      say({
        type: 'failed',
        error: sendableError(error, 'model-invalid', 'The model cannot be loaded.', 'Export it again.'),
      }),
  );
});
process.once('disconnect', () => process.exit(1));

function say(reply: InferenceReply): void {
  process.send?.(reply, () => process.exit(0));
}
