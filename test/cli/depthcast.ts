import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { locateFfmpeg } from '../../pipeline/ffmpeg/locate.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'bin/depthcast.js');

if (!existsSync(join(ROOT, 'dist/cli/main.js'))) {
  throw new Error('These tests run the built command line: npm run build comes first (npm test does it).');
}

/** The sample clip that ships with the project. */
export const SAMPLE = join(ROOT, 'samples/street/street.mp4');

/** Milliseconds after which a command counts as hanging. It is there to end a test, not to time anything. */
const HANGS_AFTER = 220_000;

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout as JSON; `undefined` where it is none. */
  readonly json: Record<string, unknown> | undefined;
}

/** A command under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `depthcast`; it is killed at the end of the test, and when it hangs (`hangsAfter` milliseconds). */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}, hangsAfter = HANGS_AFTER): Running {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that a test can do what a terminal does on Ctrl-C: signal the children as well.
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const hanging = setTimeout(() => child.kill('SIGKILL'), hangsAfter);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      clearTimeout(hanging);
      resolve({ code, stdout, stderr, json: lastJson(stdout) });
    });
  });
  return { child, ended };
}

/** Ctrl-C as a terminal sends it: to the command and to every child in its group. */
export function pressCtrlC({ child }: Running): void {
  process.kill(-child.pid!, 'SIGINT');
}

/** Runs `depthcast` to its end. */
export function depthcast(...args: readonly string[]): Promise<Ended> {
  return start(args).ended;
}

/** An empty folder that goes when the test does. */
export async function emptyFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'depthcast-cli-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs ffmpeg to make test footage, e.g. from `-f lavfi -i testsrc2=…`. */
export async function makeFootage(...args: readonly string[]): Promise<void> {
  const { path } = await locateFfmpeg();
  const { status, stderr } = spawnSync(path, ['-v', 'error', '-y', ...args]);
  if (status !== 0) throw new Error(`ffmpeg could not make test footage: ${stderr.toString()}`);
}

function lastJson(stdout: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
