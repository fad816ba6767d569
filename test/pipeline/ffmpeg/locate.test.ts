import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { capabilitiesOf } from '../../../pipeline/ffmpeg/capabilities.ts';
import { bundledPath, locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';
import { everyFfmpeg, scratchFolder } from './footage.ts';

const folder = await scratchFolder();
const bundled = await bundledPath();

/** A folder with a program `ffmpeg` that only states a version. */
async function pretend(version: string, libavformat: string): Promise<string> {
  const home = path.join(folder, version);
  await mkdir(home, { recursive: true });
  const file = path.join(home, 'ffmpeg');
  await writeFile(
    file,
    `#!/bin/sh\necho "ffmpeg version ${version} Copyright"\necho "libavformat    ${libavformat} / x"\n`,
  );
  await chmod(file, 0o755);
  return home;
}

describe('the ffmpeg that is used', () => {
  it('is the one that FFMPEG_PATH names, whatever is on PATH', async () => {
    const home = await pretend('9.9', '70. 1.100');
    const named = path.join(home, 'ffmpeg');
    const found = await locateFfmpeg({ FFMPEG_PATH: named, PATH: await pretend('5.1', '59. 27.100') });
    expect(found).toMatchObject({ path: named, origin: 'FFMPEG_PATH', version: '9.9', networkWarning: undefined });
  });

  it('is an error where FFMPEG_PATH names something that does not run', async () => {
    const env = { FFMPEG_PATH: path.join(folder, 'nothing'), PATH: await pretend('5.1', '59. 27.100') };
    await expect(locateFfmpeg(env)).rejects.toMatchObject({ code: 'ffmpeg-missing' });
    await expect(locateFfmpeg({ ...env, FFMPEG_PATH: '/bin/true' })).rejects.toMatchObject({ code: 'ffmpeg-missing' });
  });

  it('is the system one from 5.1 on', async () => {
    const home = await pretend('5.1', '59. 27.100');
    expect(await locateFfmpeg({ PATH: `${path.join(folder, 'none')}:${home}` })).toMatchObject({ origin: 'system' });
    const git = await pretend('N-120000-gabc', '62. 3.100');
    expect(await locateFfmpeg({ PATH: git })).toMatchObject({ origin: 'system', version: 'N-120000-gabc' });
  });

  it.skipIf(bundled === undefined)('is the bundled one where the system one is too old or missing', async () => {
    const old = await locateFfmpeg({ PATH: await pretend('4.4.2', '58. 76.100') });
    expect(old).toMatchObject({ origin: 'bundled', path: bundled });
    expect(old.networkWarning).toMatch(/older than 5\.1/);
    expect(await locateFfmpeg({ PATH: '' })).toMatchObject({ origin: 'bundled' });
  });

  it('is searched once for one environment', async () => {
    const env = { PATH: await pretend('6.0', '60. 3.100') };
    expect(locateFfmpeg(env)).toBe(locateFfmpeg({ ...env }));
  });

  it('is found through a link', async () => {
    const home = path.join(folder, 'linked');
    await mkdir(home);
    await symlink(path.join(await pretend('7.1', '61. 7.100'), 'ffmpeg'), path.join(home, 'ffmpeg'));
    expect(await locateFfmpeg({ PATH: home })).toMatchObject({ version: '7.1' });
  });
});

describe('what an ffmpeg can do', () => {
  it('says the words of its version', async () => {
    for (const binary of await everyFfmpeg()) {
      const modern = binary.libavformat.major >= 59;
      const can = await capabilitiesOf(binary);
      expect(can.passthrough).toEqual(modern ? ['-fps_mode', 'passthrough'] : ['-vsync', '0']);
      expect(can.encoders.has('rawvideo')).toBe(true);
      expect(can.encoders.has('=')).toBe(false);
      expect(capabilitiesOf(binary)).toBe(capabilitiesOf(binary));
    }
  });

  it('is an error where the program does not answer', async () => {
    const home = await pretend('8.8', '70. 1.100');
    const binary = (await everyFfmpeg())[0]!;
    await writeFile(path.join(home, 'ffmpeg'), '#!/bin/sh\nexit 3\n');
    const broken = { ...binary, path: path.join(home, 'ffmpeg') };
    await expect(capabilitiesOf(broken)).rejects.toMatchObject({ code: 'decoder-crashed' });
  });
});
