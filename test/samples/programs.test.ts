import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { emptyFolder, makeFootage } from '../cli/depthcast.ts';
import { FakeCamera } from '../helpers/fake-camera.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

if (!existsSync(`${root}dist/index.js`)) {
  throw new Error('Samples import the built package: npm run build comes first (npm test does it).');
}

interface Program {
  readonly child: ChildProcess;
  /** What it has written to stdout so far. */
  readonly text: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** Starts a sample as a newcomer would; it is killed at the end of the test. */
function start(name: string, ...args: readonly string[]): Program {
  return startWith({}, name, ...args);
}

function startWith(env: NodeJS.ProcessEnv, name: string, ...args: readonly string[]): Program {
  const child = spawn(process.execPath, [`samples/${name}.mjs`, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, text: () => stdout, ended };
}

/** Looks until `look` answers something, or the program has ended. */
async function soon<T>(program: Program, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  while (program.child.exitCode === null && program.child.signalCode === null) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { stderr } = await program.ended;
  throw new Error(`It ended before that: ${program.text()}${stderr}`);
}

describe('the samples run as they stand', { timeout: 240_000 }, () => {
  it('dashcam-to-3d serves the 3-D page and shows every frame', async () => {
    const program = start('dashcam-to-3d', '--frames', '75', '--port', '0');
    const address = await soon(program, () => /^(http:\S+)\/\?view=cloud$/m.exec(program.text())?.[1]);
    const page = await fetch(`${address}/?view=cloud`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<title>depthcast');
    const { code, stdout } = await program.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('75 frames shown');
  });

  it('obstacle-alarm is silent on a free road and tells of what is nearer than asked for', async () => {
    const near = await start('obstacle-alarm', '--frames', '4', '--metres', '1').ended;
    expect(near).toMatchObject({ code: 0 });
    expect(near.stdout).toMatch(/^0\.00 s {2}clear {2}\d+\.\d m ahead\n$/);
    const far = await start('obstacle-alarm', '--frames', '4', '--metres', '70').ended;
    expect(far).toMatchObject({ code: 0 });
    expect(far.stdout).toMatch(/^0\.00 s {2}ALARM {2}\d+\.\d m ahead\n$/);
  });

  it('obstacle-alarm watches an RTSP camera and never shows its password', async () => {
    const file = join(await emptyFolder(), 'camera.h264');
    const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-bf', '0', '-g', '10'];
    await makeFootage(
      ...['-i', `${root}samples/street/street.mp4`, '-t', '3', '-r', '10', ...x264, '-pix_fmt', 'yuv420p'],
      ...['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0', '-f', 'h264', file],
    );
    const camera = await FakeCamera.start({ file, fps: 10, login: { user: 'watch', password: 'secret-word' } });
    onTestFinished(() => camera.close());
    const { code, stdout, stderr } = await startWith({ CAMERA: camera.url() }, 'obstacle-alarm', '--frames', '4').ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/(ALARM|clear) /);
    expect(stderr).toMatch(/: live/);
    expect(stdout + stderr).not.toContain('secret-word');
  });

  it('kitti-table prints a row a drive', async () => {
    const { code, stdout } = await start('kitti-table', '--frames', '4').ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\| drive \| frames \| AbsRel \|/);
    expect(stdout).toMatch(/\n\| street\.mp4 \| 4 \| 0\.\d{3} \| \d+\.\d{3} \| 0\.\d{3} \|/);
  });

  const kitti = `${data}kitti_odometry/sequences/04`;
  if (!existsSync(kitti)) console.warn(`skipped: no KITTI drive at ${kitti}`);
  it.skipIf(!existsSync(kitti))('kitti-table takes KITTI drives', async () => {
    const { code, stdout } = await start('kitti-table', kitti, '--frames', '3').ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n\| 04 \| 3 \| 0\.\d{3} \|/);
  });

  it('own-operator prints free space in nine directions', async () => {
    const { code, stdout } = await start('own-operator', '--frames', '3').ended;
    expect(code).toBe(0);
    const rows = stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toMatch(/^\d\.\d\d s {2}(\s*(\d+|-)){9}$/);
  });

  it('own-model-card runs the card beside it: a flat road ends at its horizon', async () => {
    const { code, stdout, stderr } = await start('own-model-card', '--frames', '3').ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^flat-road: 3 answers, [\d.]+ ms each, 80\.0 m straight ahead$/m);
    expect(stdout).toMatch(/^tc-depth-lite-single: 3 answers, [\d.]+ ms each, \d+\.\d m straight ahead$/m);
  });

  it('a file that is not there is a sentence and exit code 1', async () => {
    for (const name of ['dashcam-to-3d', 'obstacle-alarm', 'own-operator', 'express-server', 'kitti-table']) {
      const { code, stderr } = await start(name, 'no-such-drive.mp4').ended;
      expect({ name, code }).toEqual({ name, code: 1 });
      expect(stderr).toMatch(/no-such-drive\.mp4/);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
    const { code, stderr } = await start('own-model-card', 'no-such-card.json').ended;
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('express-server answers metres, refuses what is no pixel, sends events and ends on Ctrl-C', async () => {
    const program = start('express-server', '--port', '0');
    const address = await soon(program, () => /^(http:\S+)$/m.exec(program.text())?.[1]);
    const answer = await soon(program, async () => {
      const response = await fetch(`${address}/metres?x=320&y=150`);
      return response.status === 200 ? ((await response.json()) as { metres: number }) : undefined;
    });
    expect(answer.metres).toBeGreaterThan(1);
    expect(answer.metres).toBeLessThan(80);
    expect((await fetch(`${address}/metres?x=640&y=1`)).status).toBe(400);
    expect(await (await fetch(address)).text()).toContain('The viewer');
    const events = await fetch(`${address}/events`);
    const first = await events.body!.getReader().read();
    expect(new TextDecoder().decode(first.value)).toMatch(/^data: \{"seconds":/);
    program.child.kill('SIGINT');
    expect((await program.ended).code).toBe(0);
  });
});
