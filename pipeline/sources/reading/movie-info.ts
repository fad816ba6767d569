import type { MediaInfo } from '../../ffmpeg/media-info.ts';
import type { FootageInfo } from '../frame-source.ts';

/**
 * What a movie's container says, as a source says it. The number of frames follows from duration and rate where the
 * rate is constant and the duration is the video's own; else it is left open.
 */
export function movieInfo(media: MediaInfo): FootageInfo {
  const { fps, durationS } = media;
  const counted = fps !== undefined && durationS !== undefined && media.onlyVideo;
  return {
    live: false,
    size: media.size,
    fps,
    frameCount: counted ? Math.round(durationS * fps) : undefined,
    codec: media.codec,
    hasPoses: false,
  };
}
