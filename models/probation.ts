import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DepthcastError } from '../frames/index.ts';
import { type InferenceReply, type LoadOrder, receivedError } from './inference-messages.ts';
import { threadEntry } from './thread-entry.ts';

/** Milliseconds by which a trial may outlast its time of computing: other programs may hold the processor. */
const PATIENCE = 16_500;

/** How often a trial's time of computing is read, in milliseconds. */
const EVERY = 100;

/** Milliseconds of one tick in /proc, which Linux counts in hundredths of a second whatever its timer. */
const TICK = 10;

/**
 * Loads and runs a model once in a process of its own, for models that nobody vouches for.
 *
 * A graph may crash the runtime or run for ever, and neither can be survived inside this process: a native crash ends
 * it, and a thread that hangs in native code can be ended by nothing, not even by `process.exit()` (measured: both
 * `worker.terminate()` and `process.exit()` wait for it).
 *
 * `deadlineMs` counts what the busiest of its threads has computed where the system tells (Linux), so that a busy machine
 * refuses no sound model while an endless one is ended soon; elsewhere, and 16.5 s beyond that, the clock counts. Rejects
 * with `model-invalid` or `model-shape`.
 */
export function onProbation(order: LoadOrder, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(threadEntry('probation-process')), [String(deadlineMs + PATIENCE)], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let late = false;
    const began = performance.now();
    const timer = setInterval(() => {
      const passed = performance.now() - began;
      if ((computedMs(child.pid) ?? passed) < deadlineMs && passed < deadlineMs + PATIENCE) return;
      late = true;
      child.kill('SIGKILL');
    }, EVERY);

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
          { seconds: (performance.now() - began) / 1000 },
        );
      } else invalid('crashes onnxruntime', 'Get the file again, or export it again.', { code, signal });
    };
    child.on('message', (reply: InferenceReply) => {
      if (reply.type === 'failed') reject(receivedError(reply.error));
      else resolve();
    });
    child.on('error', (cause) => {
      clearInterval(timer);
      invalid('could not be tried in a process of its own', 'Check that Node may start processes here.', {
        cause: cause.message,
      });
    });
    child.on('exit', (code, signal) => {
      clearInterval(timer);
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

/** Milliseconds that the busiest thread of a process has computed; `undefined` where the system does not tell. */
function computedMs(pid: number | undefined): number | undefined {
  const folder = `/proc/${pid}/task`;
  try {
    const ticks = readdirSync(folder).map((thread) => {
      // The name in parentheses may hold anything; user and system time are the 12th and 13th field behind it.
      const text = readFileSync(`${folder}/${thread}/stat`, 'latin1');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return Number(fields[11]) + Number(fields[12]);
    });
    return Math.max(...ticks) * TICK;
  } catch {
    return undefined;
  }
}
