import { DepthcastError } from '../../../frames/index.ts';

/** How ffmpeg opens a camera of this machine. */
export interface WebcamInput {
  /** Name of the input device in ffmpeg. */
  readonly format: string;
  /** Options before `-i`. */
  readonly options: readonly string[];
  /** What stands behind `-i`. */
  readonly target: string;
  /** File that must be there, where there is one. */
  readonly file?: string | undefined;
}

/**
 * The arguments for a device on an operating system. `device` is a number, a name (macOS, Windows) or a path below /dev
 * (Linux); of `wishes` `size=WxH` and `fps=N` are understood. Throws `option-invalid` for anything else, and for a system
 * without a way to its cameras.
 */
export function webcamInput(platform: NodeJS.Platform, device: string, wishes: URLSearchParams): WebcamInput {
  const options = wished(wishes);
  if (device === '' || /\p{Cc}/u.test(device)) throw wrong(`"webcam:" needs a camera behind it`, EXAMPLE);
  switch (platform) {
    case 'linux': {
      const file = /^\d{1,3}$/.test(device) ? `/dev/video${device}` : device;
      // Nothing but devices: the demuxer opens whatever it is given.
      if (!/^\/dev\/(?!.*\.\.)[\w./:-]+$/.test(file)) throw wrong(`"${device}" is no camera on Linux`, EXAMPLE);
      return { format: 'video4linux2,v4l2', options: ['-f', 'v4l2', ...options], target: file, file };
    }
    case 'darwin': {
      // A colon parts picture from sound, so a name cannot hold one.
      if (device.includes(':')) throw wrong(`"${device}" is no camera on macOS`, EXAMPLE);
      // It has no rate of its own choice: without one it asks for 29.97, which many cameras refuse.
      const rate = options.includes('-framerate') ? [] : ['-framerate', '30'];
      return { format: 'avfoundation', options: ['-f', 'avfoundation', ...rate, ...options], target: `${device}:none` };
    }
    case 'win32': {
      if (/^\d+$/.test(device) || device.includes(':')) {
        throw wrong(
          `"${device}" is no camera on Windows, where they have names`,
          'ffmpeg -list_devices true -f dshow -i dummy tells the names; give one as "webcam:NAME".',
        );
      }
      return { format: 'dshow', options: ['-f', 'dshow', ...options], target: `video=${device}` };
    }
    default:
      throw wrong(`Cameras of ${platform} are not known`, 'Stream it over RTSP, for example with MediaMTX.');
  }
}

const EXAMPLE = 'Give webcam:0, or the path or name of a camera.';

function wished(wishes: URLSearchParams): string[] {
  const options: string[] = [];
  for (const [name, value] of wishes) {
    if (name === 'size' && /^\d{2,5}x\d{2,5}$/.test(value)) options.push('-video_size', value);
    else if (name === 'fps' && /^\d{1,3}(\.\d{1,3})?$/.test(value)) options.push('-framerate', value);
    else throw wrong(`A camera cannot be asked for ${name}=${value}`, 'It can for size=1280x720 and fps=30.');
  }
  return options;
}

function wrong(what: string, advice: string): DepthcastError {
  return new DepthcastError('option-invalid', `${what}.`, { advice });
}
