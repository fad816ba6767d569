import type { ResizeFilter, Size } from '../../frames/index.ts';
import type { FfmpegCapabilities } from './capabilities.ts';

/** Largest picture that is decoded, in pixels: 8K. A picture bomb costs its memory before anybody looks at it. */
export const MAX_PIXELS = 35_389_440;

/**
 * Containers that a file or stdin may be. A closed list: a DASH manifest named `x.mp4` makes some builds of ffmpeg
 * fetch from the network even with `-protocol_whitelist file`.
 */
const FORMATS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,h264,hevc';

/** What ffmpeg opens and how: the part of its arguments up to `-i` and the text behind it. */
export interface FfmpegInput {
  readonly options: readonly string[];
  readonly target: string;
}

/** Options before `-i` for bytes that come over stdin. */
export const STDIN_OPTIONS: readonly string[] = closed('pipe');

/** A file by its absolute path. `file:` keeps names such as `-y.mp4` or `http:x.mp4` from meaning anything else. */
export function fileInput(absolutePath: string): FfmpegInput {
  return { options: closed('file'), target: `file:${absolutePath}` };
}

function closed(protocol: string): string[] {
  return ['-protocol_whitelist', protocol, '-format_whitelist', FORMATS, '-max_pixels', String(MAX_PIXELS)];
}

/**
 * Output options for raw pictures with exact times on a pipe: the video stream that is no cover picture, rgb24, in NUT.
 *
 * Every frame comes out with its own time, in microseconds. The default frame sync drops and doubles frames of a
 * variable rate, and without `-enc_time_base` times are rounded to the average rate. The filter is the model's, bicubic
 * unless its card says another; swscale widens its kernel when it shrinks a picture, so nothing aliases; picture folders are scaled with the same family
 * of kernel, so both ways look alike to a network. Rotation tags are applied before it.
 */
export function rawOutput(capabilities: FfmpegCapabilities, size?: Size, resize?: ResizeFilter): string[] {
  return pictures(capabilities, size && `scale=${size.width}:${size.height}:flags=${scalerFlags(resize)}`);
}

/**
 * What ffmpeg's scaler is told of a filter: the one of that name; `bilinear` for `bilinear-corners`, which it lacks. Where
 * a card asks for a filter, colours get their full width as well: without it swscale halves it once more on the way to
 * RGB, and half of all values are off by more than 1/255. That costs 0.7 ms from 1226x370 to 640x192.
 */
export function scalerFlags(resize: ResizeFilter = 'bicubic'): string {
  if (resize === 'bicubic') return resize;
  return `${resize === 'bilinear-corners' ? 'bilinear' : resize}+full_chroma_int`;
}

/**
 * The same for a camera, with a filter of its own. Each picture is written out whole and at once: else its end would wait in
 * a buffer for the picture behind it, and, with more than one thread, ffmpeg's encoder of raw pictures keeps most of them
 * until the next has come.
 */
export function liveOutput(capabilities: FfmpegCapabilities, filter: string): string[] {
  return [...pictures(capabilities, filter), '-threads', '1', '-flush_packets', '1'];
}

function pictures(capabilities: FfmpegCapabilities, filter: string | undefined): string[] {
  return [
    ...['-map', '0:V:0', '-an', '-sn', '-dn'],
    ...(filter === undefined ? [] : ['-vf', filter]),
    ...['-pix_fmt', 'rgb24', ...capabilities.passthrough, '-enc_time_base', '1:1000000'],
    ...['-c:v', 'rawvideo', '-f', 'nut', '-write_index', '0'],
  ];
}

/**
 * Options before `-i` for a camera: the protocols and containers of its kind and no others, decoders of what cameras
 * send and no others, and what makes the first picture come soon. Without `nobuffer`, which throws the probed packets
 * away and waits for the next key frame.
 */
export function liveInput(protocols: string, formats: string): string[] {
  return [
    ...['-protocol_whitelist', protocols, '-format_whitelist', formats, '-codec_whitelist', CAMERA_CODECS],
    ...['-max_pixels', String(MAX_PIXELS), '-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0'],
  ];
}

/** Decoders by their names in ffmpeg. Sound is not decoded, but its decoders are looked for while a stream is opened. */
const CAMERA_CODECS = [
  ...['h264', 'hevc', 'av1', 'libdav1d', 'libaom-av1', 'vp8', 'vp9', 'mpeg4', 'mpeg2video', 'mjpeg', 'flv', 'rawvideo'],
  ...['aac', 'opus', 'mp3', 'mp3float', 'pcm_mulaw', 'pcm_alaw', 'g722', 'adpcm_g726'],
].join(',');
