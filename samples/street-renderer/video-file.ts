import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A video that is being written. */
export interface VideoFile {
  /** Appends one picture, width × height × 3 bytes of sRGB; resolves when ffmpeg has taken it. */
  readonly write: (picture: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Starts ffmpeg (FFMPEG_PATH, else from PATH) on an MP4: H.264, 4:2:0, CRF 18, and no frames out of order, so that
 * frame i has exactly the time i / fps.
 */
export function openVideo(path: string, width: number, height: number, fps: number): VideoFile {
  const command = process.env['FFMPEG_PATH'] ?? 'ffmpeg';
  const child = spawn(
    command,
    [
      ...[
        '-v',
        'error',
        '-y',
        '-f',
        'rawvideo',
        '-pix_fmt',
        'rgb24',
        '-s',
        `${width}x${height}`,
        '-r',
        String(fps),
        '-i',
        '-',
      ],
      ...[
        '-vf',
        'scale=out_color_matrix=bt709:out_range=tv',
        '-colorspace',
        'bt709',
        '-color_primaries',
        'bt709',
        '-color_trc',
        'bt709',
      ],
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'slow',
        '-crf',
        '18',
        '-bf',
        '0',
        '-pix_fmt',
        'yuv420p',
        '-g',
        String(Math.round(fps * 2)),
      ],
      ...[
        '-fps_mode',
        'passthrough',
        '-map_metadata',
        '-1',
        '-fflags',
        '+bitexact',
        '-flags:v',
        '+bitexact',
        '-movflags',
        '+faststart',
        path,
      ],
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    complaint += text.toString();
  });
  // A dead ffmpeg shows as a broken pipe here; the exit below tells why.
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', () => {
      reject(new Error(`ffmpeg could not be started as "${command}": install it or set FFMPEG_PATH.`));
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`ffmpeg ended with code ${code}: ${complaint.trim()}`));
    });
  });
  ended.catch(() => {});
  return {
    write: async (picture) => {
      if (child.stdin.write(picture)) return;
      await Promise.race([once(child.stdin, 'drain'), ended]);
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
