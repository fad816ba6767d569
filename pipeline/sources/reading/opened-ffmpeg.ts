import { capabilitiesOf, type FfmpegCapabilities } from '../../ffmpeg/capabilities.ts';
import { type FfmpegBinary, locateFfmpeg } from '../../ffmpeg/locate.ts';
import type { OpenOptions } from './source-kind.ts';

/** The ffmpeg to read with and what it can do. Throws `ffmpeg-missing`. */
export async function ffmpegFor(
  options: OpenOptions,
): Promise<{ readonly binary: FfmpegBinary; readonly capabilities: FfmpegCapabilities }> {
  const binary = options.ffmpeg ?? (await locateFfmpeg());
  return { binary, capabilities: await capabilitiesOf(binary) };
}
