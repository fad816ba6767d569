import { capabilitiesOf, type FfmpegCapabilities } from '../../ffmpeg/capabilities.ts';
import { type FfmpegBinary, locateFfmpeg } from '../../ffmpeg/locate.ts';
import type { OpenOptions } from './source-kind.ts';

const warned = new Set<string>();

/** Says once that an ffmpeg is old, on Node's `warning` event: cameras feed it whatever they like. */
export function warnOfOldFfmpeg({ networkWarning }: FfmpegBinary): void {
  if (networkWarning === undefined || warned.has(networkWarning)) return;
  warned.add(networkWarning);
  process.emitWarning(networkWarning, { code: 'DEPTHCAST_OLD_FFMPEG' });
}

/** The ffmpeg to read with and what it can do. Throws `ffmpeg-missing`. */
export async function ffmpegFor(
  options: OpenOptions,
): Promise<{ readonly binary: FfmpegBinary; readonly capabilities: FfmpegCapabilities }> {
  const binary = options.ffmpeg ?? (await locateFfmpeg());
  return { binary, capabilities: await capabilitiesOf(binary) };
}
