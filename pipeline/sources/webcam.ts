import { access } from 'node:fs/promises';
import { DepthcastError } from '../../frames/index.ts';
import { liveInput } from '../ffmpeg/recipe.ts';
import type { Camera } from './frame-source.ts';
import { cameraSettings } from './live/camera-options.ts';
import { type CameraConnection, liveCamera } from './live/live-camera.ts';
import { webcamInput } from './live/webcam-input.ts';
import { ffmpegFor } from './reading/opened-ffmpeg.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/**
 * A camera of this machine: `webcam:0`, `webcam:/dev/video2`, `webcam:NAME`; `?size=1280x720&fps=30` asks it for that.
 * Video4Linux2 on Linux, AVFoundation on macOS, DirectShow on Windows. One that is unplugged is waited for.
 */
export const webcam: SourceKind = {
  layouts: ['webcam'],
  summary: 'a camera of this machine (webcam:0, webcam:0?size=1280x720&fps=30)',
  recognises: (place) => place.kind === 'webcam',
  open,
};

async function open(place: Place, options: OpenOptions): Promise<Camera> {
  if (place.kind !== 'webcam') {
    throw new DepthcastError('option-invalid', 'The layout webcam needs webcam:0 or the like.', {
      advice: 'Give webcam: and a number, a path or a name.',
    });
  }
  const settings = cameraSettings(options.camera);
  const decoder = await ffmpegFor(options);
  const input = webcamInput(process.platform, place.device, place.wishes);
  const address = `webcam:${place.device}`;
  const subject = `The camera ${address}`;

  async function connect(): Promise<CameraConnection> {
    if (input.file !== undefined) {
      await access(input.file).catch((cause: NodeJS.ErrnoException) => {
        throw new DepthcastError('source-unreachable', `${subject} is not there (${input.file}: ${cause.code}).`, {
          advice: 'Plug it in, or give another number; v4l2-ctl --list-devices tells which there are.',
          facts: { file: input.file, code: cause.code },
        });
      });
    }
    return {
      inputOptions: [...liveInput('pipe', input.format), ...input.options],
      input: input.target,
      close: () => {},
    };
  }
  return liveCamera({ address, subject, secrets: [], connect }, decoder, settings);
}
