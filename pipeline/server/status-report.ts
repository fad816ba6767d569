import type { StreamNews } from '../../frames/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { StreamSet } from './stream-set.ts';
import { mayWatch, type Pass } from './tokens.ts';

/** The body of `/healthz`: this process serves, and how each stream does that the pass is good for. */
export function healthJson(streams: StreamSet, telemetry: Telemetry, pass: Pass): string {
  const seen = streams.status().filter(({ name }) => mayWatch(pass, name));
  return JSON.stringify({
    status: 'ok',
    uptimeS: Math.round(process.uptime()),
    streams: seen.map((stream) => {
      const { name, state, frames, dropped, lastFrameAgeMs, estimator, fallbackReason, score, viewers } = stream;
      const { fault, report, lost } = stream;
      const camera = telemetry.cameraOf(name);
      return {
        name,
        state,
        fault,
        frames,
        dropped,
        lost,
        lastFrameAgeMs,
        estimator,
        fallbackReason,
        consistency: score,
        viewers,
        report: report && { in: report.in, dropped: report.dropped, every: report.every },
        camera: camera && {
          state: camera.state,
          fault: camera.fault && { code: camera.fault.code, message: camera.fault.message },
          nextTryInMs: camera.nextTryInMs === undefined ? undefined : Math.round(camera.nextTryInMs),
          lastFrameAgeMs: camera.lastFrameAgeMs === null ? null : Math.round(camera.lastFrameAgeMs),
        },
      };
    }),
  });
}

/** What `/readyz` says; everything but `ready` is a 503. */
export type Readiness = 'ready' | 'starting' | 'stalled' | 'stopping';

/** States in which a stream shows something that is as new as it can be. */
const SHOWS = ['live', 'thinned', 'degraded', 'ended'];

/** States of a stream that has yet to begin. */
const BEGINS = ['waiting', 'connecting'];

/**
 * Ready as long as one stream shows something: a dead camera is the business of its own viewers, and must not take the
 * others' server out of service. A server without streams is ready for some.
 */
export function readiness(streams: readonly Pick<StreamNews, 'state'>[], isStopping: boolean): Readiness {
  if (isStopping) return 'stopping';
  if (streams.length === 0 || streams.some(({ state }) => SHOWS.includes(state))) return 'ready';
  return streams.some(({ state }) => BEGINS.includes(state)) ? 'starting' : 'stalled';
}
