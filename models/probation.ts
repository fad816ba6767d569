import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DepthcastError } from '../frames/index.ts';
import { type InferenceReply, type LoadOrder, receivedError } from './inference-messages.ts';
import { threadEntry } from './thread-entry.ts';

/**
 * Loads and runs a model once in a process of its own, for models that nobody vouches for.
 *
 * A graph may crash the runtime or run for ever, and neither can be survived inside this process: a native crash ends
 * it, and a thread that hangs in native code can be ended by nothing, not even by `process.exit()` (measured: both
 * `worker.terminate()` and `process.exit()` wait for it). Rejects with `model-invalid` or `model-shape`.
 */
export function onProbation(order: LoadOrder, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(threadEntry('probation-process')), [String(deadlineMs)], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, deadlineMs);

    const invalid = (fault: string, advice: string, facts: Record<string, unknown> = {}): void =>
      reject(
        new DepthcastError('model-invalid', `The model ${order.card.id} ${fault}.`, {
          advice,
          facts: { files: order.files, ...facts },
        }),
      );
    const ended = (code: number | null, signal: string | null): void => {
      if (late) {
        const seconds = (deadlineMs / 1000).toFixed(1);
        invalid(
          `did not load and answer once within ${seconds} s`,
          'Use a lighter model, or try again when the machine is less busy.',
        );
      } else invalid('crashes onnxruntime', 'Get the file again, or export it again.', { code, signal });
    };
    child.on('message', (reply: InferenceReply) => {
      if (reply.type === 'failed') reject(receivedError(reply.error));
      else resolve();
    });
    child.on('error', (cause) => {
      clearTimeout(timer);
      invalid('could not be tried in a process of its own', 'Check that Node may start processes here.', {
        cause: cause.message,
      });
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      // Its last message may still be in the pipe; after a message that settled this, `ended` changes nothing.
      if (child.connected) child.once('disconnect', () => ended(code, signal));
      else ended(code, signal);
    });
    child.send(order, (cause) => {
      // A child that is gone before it reads its order is reported by its exit.
      if (cause) child.kill('SIGKILL');
    });
  });
}
