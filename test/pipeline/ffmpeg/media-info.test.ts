import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { capabilitiesOf } from '../../../pipeline/ffmpeg/capabilities.ts';
import { type MediaInfo, probeMedia } from '../../../pipeline/ffmpeg/media-info.ts';
import { fileInput, STDIN_OPTIONS } from '../../../pipeline/ffmpeg/recipe.ts';
import { everyFfmpeg, makeFootage, makeVariableRate, scratchFolder, testPicture } from './footage.ts';

const programs = await everyFfmpeg();
const folder = await scratchFolder();
const file = (name: string): string => path.join(folder, name);
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

beforeAll(async () => {
  await makeFootage(...testPicture('s=320x192:r=12.5:d=2'), ...X264, file('plain.mp4'));
  await makeFootage('-i', file('plain.mp4'), '-c', 'copy', '-metadata:s:v:0', 'rotate=90', file('turned.mp4'));
  await makeFootage('-f', 'lavfi', '-i', 'sine=d=1', file('sound.m4a'));
  const both = [...testPicture('s=64x64:r=10:d=1'), '-f', 'lavfi', '-i', 'sine=d=2'];
  await makeFootage(...both, ...X264, file('both.mkv'));
  await makeVariableRate(file('variable.mp4'));
  await writeFile(file('list.mp4'), '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n');
});

describe.each(programs.map((binary) => ({ name: binary.version, binary })))('what ffmpeg $name sees', ({ binary }) => {
  const look = async (name: string): Promise<MediaInfo> => {
    const input = fileInput(file(name));
    const probe = { inputOptions: input.options, input: input.target, subject: `"${name}"`, timeoutMs: 60_000 };
    return probeMedia(binary, await capabilitiesOf(binary), probe);
  };

  it('is size, rate, codec and duration', async () => {
    expect(await look('plain.mp4')).toEqual({
      size: { width: 320, height: 192 },
      codec: 'h264',
      fps: 12.5,
      durationS: 2,
      onlyVideo: true,
      rotation: 0,
    });
  });

  it('is the size of what comes out where a tag turns the picture', async () => {
    const seen = await look('turned.mp4');
    expect(seen.size).toEqual({ width: 192, height: 320 });
    expect(Math.abs(seen.rotation)).toBe(90);
  });

  it('has no rate where it varies, and knows of sound', async () => {
    expect((await look('variable.mp4')).fps).toBeUndefined();
    expect(await look('both.mkv')).toMatchObject({ onlyVideo: false, fps: 10, codec: 'h264' });
  });

  it('is an error where there is no video or none that may be opened', async () => {
    await expect(look('sound.m4a')).rejects.toMatchObject({ code: 'input-no-video' });
    await expect(look('list.mp4')).rejects.toMatchObject({ code: 'input-format' });
  });

  it('is waited for no longer than it is told', async () => {
    const capabilities = await capabilitiesOf(binary);
    const silent = (): Readable => new Readable({ read() {} });
    const probe = { inputOptions: STDIN_OPTIONS, subject: 'It' };
    const looking = probeMedia(binary, capabilities, { ...probe, input: silent(), timeoutMs: 300 });
    await expect(looking).rejects.toMatchObject({
      code: 'input-format',
      message: expect.stringMatching(/0\.3 seconds/),
    });
    const controller = new AbortController();
    const aborted = probeMedia(binary, capabilities, {
      ...probe,
      input: silent(),
      timeoutMs: 90_000,
      signal: controller.signal,
    });
    controller.abort(new Error('no longer wanted'));
    await expect(aborted).rejects.toThrow('no longer wanted');
  });
});
