import type { StreamFeed } from '../stream/stream-feed.ts';

/** How a stream does: a sentence for a person, and its colour. */
export interface StateText {
  readonly text: string;
  readonly mood: 'live' | 'waiting' | 'bad' | 'paused';
}

/** A stream is called silent after so many seconds without a frame. */
const SILENT_AFTER_S = 2.5;

const CAMERA: Readonly<Record<string, string>> = {
  connecting: 'Camera: connecting',
  stalled: 'Camera sends nothing',
  waiting: 'Camera is offline',
  refused: 'Camera refuses the connection',
  closed: 'Camera closed',
  offline: 'Camera is offline',
  ended: 'The stream has ended',
};

/** What to say of a stream at a moment (`performance.now()`). */
export function stateText(
  feed: Pick<StreamFeed, 'state' | 'retryAt' | 'lastArrival' | 'news'>,
  now: number,
): StateText {
  const { state, retryAt, lastArrival, news } = feed;
  if (state === 'waiting') {
    const seconds = Math.max(0, Math.ceil((retryAt - now) / 1000));
    return { text: `Connection lost, trying again in ${seconds} s`, mood: 'bad' };
  }
  if (state === 'closed') return { text: 'Closed', mood: 'bad' };
  if (state === 'connecting') return { text: 'Connecting', mood: 'waiting' };
  const silence = (now - lastArrival) / 1000;
  const isSilent = lastArrival === 0 || silence > SILENT_AFTER_S;
  const camera = news && CAMERA[news.state];
  // What arrives is stronger than what was said.
  if (isSilent && camera) return { text: news.fault ? `${camera}: ${news.fault}` : camera, mood: 'bad' };
  if (lastArrival === 0) return { text: 'Waiting for the first frame', mood: 'waiting' };
  if (isSilent) return { text: `No new frame for ${silence.toFixed(0)} s`, mood: 'waiting' };
  return { text: 'Live', mood: 'live' };
}
