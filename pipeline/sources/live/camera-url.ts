import { DepthcastError } from '../../../frames/index.ts';
import type { FfmpegCapabilities } from '../../ffmpeg/capabilities.ts';
import type { FfmpegBinary } from '../../ffmpeg/locate.ts';
import { ffmpegFor, warnOfOldFfmpeg } from '../reading/opened-ffmpeg.ts';
import type { OpenOptions, Place } from '../reading/source-kind.ts';
import { type CameraSettings, cameraSettings } from './camera-options.ts';

/** A camera in a network, before it is connected to. */
export interface CameraUrl {
  readonly url: URL;
  readonly settings: CameraSettings;
  readonly decoder: { readonly binary: FfmpegBinary; readonly capabilities: FfmpegCapabilities };
}

/**
 * What every camera with a URL needs before its first connection. Throws `option-invalid` for a place of another kind and
 * for wrong options, and `ffmpeg-missing`.
 *
 * @param schemes what the URL's protocol may be
 * @param example a URL of the kind, for the error
 */
export async function cameraUrl(
  place: Place,
  options: OpenOptions,
  layout: string,
  schemes: RegExp,
  example: string,
): Promise<CameraUrl> {
  if (place.kind !== 'url' || !schemes.test(place.url.protocol)) {
    const scheme = example.slice(0, example.indexOf('//') + 2);
    throw new DepthcastError('option-invalid', `The layout ${layout} needs an ${scheme} URL.`, {
      advice: `Give ${example}.`,
    });
  }
  const settings = cameraSettings(options.camera);
  const decoder = await ffmpegFor(options);
  warnOfOldFfmpeg(decoder.binary);
  return { url: place.url, settings, decoder };
}
