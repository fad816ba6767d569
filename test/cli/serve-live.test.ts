import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type DepthMessage, decodeMessage } from '../../frames/index.ts';
import { FakeCamera } from '../helpers/fake-camera.ts';
import { emptyFolder, makeFootage, type Running, start } from './depthcast.ts';

const SMALL = ['--size', '320x96', '--threads', '1', '--port', '0'];
const PASSWORD = 'p@ss:w/rd';

/** A camera that plays a test picture, ten a second, with a key frame a second. */
async function camera(): Promise<FakeCamera> {
  const file = join(await emptyFolder(), 'cam.h264');
  const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-bf', '0', '-g', '10'];
  await makeFootage(
    ...['-f', 'lavfi', '-i', 'testsrc2=s=320x96:r=10:d=3', ...x264, '-pix_fmt', 'yuv420p'],
    ...['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0', '-f', 'h264', file],
  );
  const played = await FakeCamera.start({ file, fps: 10, login: { user: 'cam', password: PASSWORD } });
  onTestFinished(() => played.close());
  return played;
}

async function addressOf({ child, ended }: Running): Promise<string> {
  let text = '';
  child.stdout!.on('data', (part: Buffer) => {
    text += part.toString();
  });
  while (!text.includes('\n')) {
    const early = await Promise.race([ended, sleep(20).then(() => undefined)]);
    if (early) throw new Error(`It ended before it listened: ${early.stderr}`);
  }
  return text.split('\n')[0]!.slice('listening on '.length);
}

/** Somebody who watches a stream. */
class Watcher {
  readonly messages: DepthMessage[] = [];
  closedWith: number | undefined;
  readonly #socket: WebSocket;

  constructor(address: string, stream: string) {
    this.#socket = new WebSocket(`${address.replace('http', 'ws')}/streams/${stream}`, ['depthcast.v1']);
    this.#socket.binaryType = 'nodebuffer';
    this.#socket.on('message', (data, isBinary) => {
      if (isBinary) this.messages.push(decodeMessage(new Uint8Array(data as Buffer)));
    });
    this.#socket.on('close', (code) => {
      this.closedWith = code;
    });
    this.#socket.on('error', () => {});
    onTestFinished(() => this.#socket.terminate());
  }

  /** Waits for so many more messages. */
  async more(count: number): Promise<void> {
    const wanted = this.messages.length + count;
    while (this.messages.length < wanted) await sleep(20);
  }
}

interface Health {
  readonly streams: readonly { readonly name: string; readonly state: string }[];
}

async function health(address: string): Promise<Health> {
  return (await (await fetch(`${address}/healthz`)).json()) as Health;
}

async function stateOf(address: string, stream: string, states: readonly string[]): Promise<void> {
  for (;;) {
    const found = (await health(address)).streams.find(({ name }) => name === stream)?.state;
    if (found && states.includes(found)) return;
    await sleep(50);
  }
}

/** Process ids of the ffmpegs of a command. */
function decoders({ child }: Running): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => {
    const { name, parent } = processOf(pid) ?? {};
    return parent === child.pid && name?.includes('ffmpeg');
  });
}

/** Where nobody reaps the orphans of a container, the dead stay in its list as zombies. */
function isAlive(pid: number): boolean {
  return (processOf(pid)?.state ?? 'Z') !== 'Z';
}

/** Name, state and parent of a process; `undefined` where it is gone. */
function processOf(pid: number): { name: string; state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

interface Account {
  readonly name: string;
  readonly account: { in: number; out: number; dropped: Record<string, number>; inside: number };
  readonly source: { decoded: number; emitted: number; discarded: Record<string, number> };
}

const total = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Every frame of every stream is accounted for. */
function expectWhole(streams: unknown): void {
  for (const { name, account, source } of streams as Account[]) {
    expect({ name, left: account.in - account.out - total(account.dropped), inside: account.inside }).toEqual({
      name,
      left: 0,
      inside: 0,
    });
    expect({ name, emitted: source.emitted }).toEqual({ name, emitted: account.in });
    expect({ name, decoded: source.decoded }).toEqual({ name, decoded: source.emitted + total(source.discarded) });
  }
}

describe('depthcast serve with cameras', { timeout: 240_000 }, () => {
  it('shows one camera while the other is dead, then both, and never says the password', async () => {
    const [good, late] = [await camera(), await camera()];
    const lateUrl = late.url();
    await late.close();
    const running = start([
      'serve',
      `good=${good.url()}`,
      `late=${lateUrl}`,
      ...SMALL,
      '--json',
      '--log-format',
      'json',
    ]);
    const address = await addressOf(running);
    const watcher = new Watcher(address, 'good');
    await watcher.more(5);
    await stateOf(address, 'late', ['waiting', 'connecting']);
    await stateOf(address, 'good', ['live', 'thinned']);
    await late.listen();
    await new Watcher(address, 'late').more(2);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    running.child.kill('SIGTERM');
    const { code, json, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    expectWhole(json!['streams']);
    expect(watcher.closedWith).toBe(1001);
    const said = stdout + stderr + metrics + JSON.stringify(await Promise.resolve(json));
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(said).not.toContain(secret);
  });

  it('reloads on SIGHUP: adds, removes and re-points without dropping who watches the others', async () => {
    const [one, two] = [await camera(), await camera()];
    const config = join(await emptyFolder(), 'cameras.yaml');
    const write = (streams: Record<string, unknown>): Promise<void> => writeFile(config, JSON.stringify({ streams }));
    await write({ kept: one.url(), moved: one.url(), gone: two.url() });
    const running = start(['serve', '--config', config, ...SMALL, '--json']);
    let said = '';
    running.child.stderr!.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const told = async (sentence: string): Promise<void> => {
      while (!said.includes(sentence)) await sleep(20);
    };
    const address = await addressOf(running);
    const [kept, moved, gone] = ['kept', 'moved', 'gone'].map((name) => new Watcher(address, name));
    await Promise.all([kept!.more(2), moved!.more(2), gone!.more(2)]);

    running.child.kill('SIGHUP');
    await told('nothing has changed');
    await writeFile(config, 'streams: { kept: [');
    running.child.kill('SIGHUP');
    await told('reload refused');
    expect((await health(address)).streams).toHaveLength(3);

    await write({ kept: one.url(), moved: { source: two.url(), stallTimeoutMs: 3000 }, fresh: two.url() });
    running.child.kill('SIGHUP');
    await told('added fresh; removed gone; changed moved');
    while (gone!.closedWith === undefined) await sleep(20);
    expect(gone!.closedWith).toBe(1001);
    await Promise.all([kept!.more(3), moved!.more(3), new Watcher(address, 'fresh').more(2)]);
    expect([kept!.closedWith, moved!.closedWith]).toEqual([undefined, undefined]);
    const indices = moved!.messages.map(({ frameIndex }) => frameIndex);
    expect(indices).toEqual([...indices].sort((a, b) => a - b));

    await write({ kept: one.url(), moved: { source: two.url(), stallTimeoutMs: 3000 } });
    const answer = await fetch(`${address}/admin/reload`, { method: 'POST' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ removed: ['fresh'], kept: ['kept', 'moved'], needsRestart: [] });
    running.child.kill('SIGTERM');
    const { code, json } = await running.ended;
    expect(code).toBe(0);
    expectWhole(json!['streams']);
  });

  it.each([
    ['playing', () => {}],
    ['frozen', (played: FakeCamera) => (played.frozen = true)],
    ['muted with its reports alive', (played: FakeCamera) => (played.muted = true)],
  ])('leaves no ffmpeg behind when it is SIGKILLed and the camera is %s', async (_, harm) => {
    const played = await camera();
    const running = start(['serve', `cam=${played.url()}`, ...SMALL]);
    await new Watcher(await addressOf(running), 'cam').more(1);
    harm(played);
    await sleep(500);
    // The watchdog may just exchange it.
    await expect.poll(() => decoders(running), { timeout: 60_000 }).toHaveLength(1);
    const children = decoders(running);
    running.child.kill('SIGKILL');
    await running.ended;
    const began = performance.now();
    while (children.some(isAlive)) await sleep(20);
    console.info(`ffmpeg was gone ${(performance.now() - began).toFixed(0)} ms after`);
  });

  it('is gone at once on a second SIGTERM, with its ffmpeg, although a viewer reads nothing', async () => {
    const played = await camera();
    const running = start(['serve', `cam=${played.url()}`, ...SMALL]);
    const address = await addressOf(running);
    await new Watcher(address, 'cam').more(1);
    const stalled = new WebSocket(`${address.replace('http', 'ws')}/streams/cam`, ['depthcast.v1']);
    stalled.on('error', () => {});
    await once(stalled, 'open');
    stalled.pause();
    onTestFinished(() => stalled.terminate());
    const children = decoders(running);
    running.child.kill('SIGTERM');
    await sleep(30);
    running.child.kill('SIGTERM');
    const { code } = await running.ended;
    expect([0, 130]).toContain(code);
    while (children.some(isAlive)) await sleep(20);
  });

  it('ends in order on one SIGTERM while a camera is being connected and another is frozen', async () => {
    const [silent, frozen] = [await camera(), await camera()];
    silent.mute = true;
    const running = start(['serve', `silent=${silent.url()}`, `frozen=${frozen.url()}`, ...SMALL, '--json']);
    await new Watcher(await addressOf(running), 'frozen').more(1);
    frozen.frozen = true;
    await sleep(300);
    const children = decoders(running);
    running.child.kill('SIGTERM');
    const { code, json } = await running.ended;
    expect(code).toBe(0);
    expectWhole(json!['streams']);
    while (children.some(isAlive)) await sleep(20);
  });

  it('goes on when nobody reads its log or its output any more', async () => {
    const played = await camera();
    const running = start(['serve', `cam=${played.url()}`, ...SMALL, '--stats']);
    const watcher = new Watcher(await addressOf(running), 'cam');
    await watcher.more(2);
    running.child.stderr!.destroy();
    running.child.stdout!.destroy();
    played.kick('reset');
    await sleep(2500);
    await watcher.more(5);
    running.child.kill('SIGTERM');
    const [code] = (await once(running.child, 'exit')) as [number | null];
    expect(code).toBe(0);
  });
});
