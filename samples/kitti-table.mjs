// KITTI drives to a table of accuracy and consistency over time.
// Usage: node samples/kitti-table.mjs [sequences/04 sequences/05 …] [--model ID] [--frames 100]
//
// Each DRIVE is a folder in KITTI's odometry or raw layout. Without one the sample street is measured, whose depth is
// exact. For intervals and comparisons of models: depthcast evaluate --compare.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string', default: 'tc-depth-lite' }, frames: { type: 'string' } },
});
const cli = fileURLToPath(new URL('../bin/depthcast.js', import.meta.resolve('depthcast')));
const street = fileURLToPath(new URL('street/', import.meta.url));
// Every third frame of the street has its depth, and its poses and camera lie beside it.
const streetOptions = ['--gt', `${street}depth`, '--poses', `${street}poses.txt`, '--intrinsics', `${street}calib.txt`];
const drives =
  positionals.length > 0 ? positionals.map((drive) => [drive]) : [[`${street}street.mp4`, ...streetOptions]];

/**
 * What `depthcast evaluate --json` says in its last line.
 *
 * @param {readonly string[]} drive
 * @returns {Promise<any>}
 */
async function evaluate(drive) {
  const options = ['--model', values.model, '--json', ...(values.frames ? ['--max-frames', values.frames] : [])];
  const child = spawn(process.execPath, [cli, 'evaluate', ...drive, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const piece of child.stdout.setEncoding('utf8')) text += piece;
  // It has told on stderr what went wrong, if anything did.
  return JSON.parse(text.trimEnd().split('\n').at(-1) || '{"error":{}}');
}

const rows = [];
for (const drive of drives) {
  const summary = await evaluate(drive);
  if (summary.error) {
    process.exitCode = 1;
    continue;
  }
  const { accuracy, consistency } = summary;
  rows.push([
    basename(drive[0] ?? ''),
    summary.frames,
    accuracy.absRel,
    accuracy.rmse,
    accuracy.d1,
    consistency.tae,
    consistency.selfReprojection,
  ]);
}
const columns = ['drive', 'frames', 'AbsRel', 'RMSE (m)', 'd < 1.25', 'TAE (%)', 'self-reprojection'];
if (rows.length > 0) console.log(`| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
for (const row of rows) {
  // A figure that the footage cannot give, such as TAE without depth on successive frames, is null.
  const cells = row.map((cell) =>
    typeof cell === 'number' && !Number.isInteger(cell) ? cell.toFixed(3) : (cell ?? '-'),
  );
  console.log(`| ${cells.join(' | ')} |`);
}
