// Runs a model of your own, by its card, beside the built-in one.
// Usage: node samples/own-model-card.mjs [card.json | network.onnx] [drive.mp4] [--frames 20]
//
// own-model-card/README.md tells how to write a card.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DepthcastError, depthStream, framesOf, openFootage, openModel, readIntrinsics } from 'depthcast';
import { concatMap, lastValueFrom, reduce } from 'rxjs';

// Whatever fails says what happened and what to do.
process.once('uncaughtException', (error) => {
  console.error(error.message, error instanceof DepthcastError ? error.advice : '');
  process.exit(1);
});

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { frames: { type: 'string', default: '20' } },
});
const here = fileURLToPath(new URL('.', import.meta.url));
const [card = `${here}own-model-card/card.json`, drive = `${here}street/street.mp4`] = positionals;

/**
 * The median depth straight ahead, over the middle tenth of each picture, and the time the model took.
 *
 * @param {string} name
 */
async function lookAhead(name) {
  const footage = await openFootage(drive);
  const { size } = footage.info;
  // A model of a stranger is tried in a process of its own first; a busy machine needs more time for that.
  const model = await openModel(name, { source: size, deadlineMs: 20_000 });
  const frames = framesOf(footage, {
    stream: name,
    size: model.inputSize(size),
    intrinsics: positionals[1] ? footage.info.intrinsics : await readIntrinsics(`${here}street/calib.txt`, size),
    maxFrames: Number(values.frames),
  });
  // No fallback here: a model of several frames has no answer where its window is not full, and that is fine.
  const rows = depthStream(frames, { model, fallback: 'none' }).pipe(
    concatMap(async ({ depth, inferenceMs }) => ({ ahead: middleOf(depth), ms: inferenceMs })),
    reduce((all, row) => [...all, row], /** @type {{ ahead: number, ms: number }[]} */ ([])),
  );
  const answers = await lastValueFrom(rows);
  await model.close();
  const unit = model.kind === 'metric' ? 'm' : `(${model.kind}, no unit)`;
  const ms = median(answers.map((row) => row.ms)).toFixed(1);
  const ahead = median(answers.map((row) => row.ahead)).toFixed(1);
  console.log(`${model.id}: ${answers.length} answers, ${ms} ms each, ${ahead} ${unit} straight ahead`);
}

/** @param {import('depthcast').DepthMap} depth */
function middleOf({ data, width, height }) {
  const known = [];
  for (let y = Math.round(0.45 * height); y < 0.55 * height; y++) {
    for (let x = Math.round(0.45 * width); x < 0.55 * width; x++) {
      const value = data[y * width + x] ?? Number.NaN;
      if (!Number.isNaN(value)) known.push(value);
    }
  }
  return median(known);
}

/** @param {readonly number[]} values */
function median(values) {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

for (const name of [card, 'tc-depth-lite-single']) {
  await lookAhead(name);
}
