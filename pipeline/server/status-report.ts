import type { StreamStatus } from './stream-hub.ts';

/** The body of `/healthz`: this process serves, and how each stream does. */
export function healthJson(streams: readonly StreamStatus[]): string {
  return JSON.stringify({
    status: 'ok',
    uptimeS: Math.round(process.uptime()),
    streams: streams.map(
      ({ name, state, frames, dropped, lastFrameAgeMs, estimator, fallbackReason, score, viewers }) => ({
        name,
        state,
        frames,
        dropped,
        lastFrameAgeMs,
        estimator,
        fallbackReason,
        consistency: score,
        viewers,
      }),
    ),
  });
}

type Metric = readonly [
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: (stream: StreamStatus) => number | null,
];

const METRICS: readonly Metric[] = [
  ['depthcast_frames_total', 'counter', 'Depth frames published.', (s) => s.frames],
  ['depthcast_frames_dropped_total', 'counter', 'Frames let go before estimation.', (s) => s.dropped],
  ['depthcast_messages_encoded_total', 'counter', 'Messages made for viewers.', (s) => s.encoded],
  ['depthcast_messages_unencoded_total', 'counter', 'Depth frames passed over for a newer one.', (s) => s.unencoded],
  ['depthcast_encoding_errors_total', 'counter', 'Depth frames that could not be encoded.', (s) => s.encodingErrors],
  ['depthcast_messages_sent_total', 'counter', 'Messages given to viewers, all together.', (s) => s.sent],
  ['depthcast_messages_skipped_total', 'counter', 'Messages slow viewers were spared.', (s) => s.skipped],
  ['depthcast_sent_bytes_total', 'counter', 'Bytes of those messages.', (s) => s.sentBytes],
  ['depthcast_buffered_bytes', 'gauge', 'Bytes that wait for slow viewers.', (s) => s.bufferedBytes],
  ['depthcast_viewers', 'gauge', 'Viewers connected.', (s) => s.viewers],
  [
    'depthcast_last_frame_age_seconds',
    'gauge',
    'Time since the last depth frame.',
    (s) => (s.lastFrameAgeMs === null ? null : s.lastFrameAgeMs / 1000),
  ],
  ['depthcast_consistency_score', 'gauge', 'Score of the last depth frame, 0 to 1.', (s) => s.score],
];

/** The body of `/metrics` in the Prometheus text format 0.0.4. A value that is not known has no line. */
export function metricsText(streams: readonly StreamStatus[]): string {
  const lines: string[] = [];
  for (const [name, type, help, value] of METRICS) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const stream of streams) {
      const now = value(stream);
      if (now !== null) lines.push(`${name}{stream="${stream.name}"} ${now}`);
    }
  }
  lines.push('# HELP depthcast_fallbacks_total Frames the single-frame model answered.');
  lines.push('# TYPE depthcast_fallbacks_total counter');
  for (const { name, fallbacks } of streams) {
    for (const [reason, count] of Object.entries(fallbacks)) {
      lines.push(`depthcast_fallbacks_total{stream="${name}",reason="${reason}"} ${count}`);
    }
  }
  lines.push('# HELP process_resident_memory_bytes Memory of this process.');
  lines.push(
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
  );
  return `${lines.join('\n')}\n`;
}
