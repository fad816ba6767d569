import { Counter, Gauge } from 'prom-client';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Guests } from './guests.ts';
import type { MessageLoss } from './message-counts.ts';
import type { StreamSet } from './stream-set.ts';
import type { StreamStatus } from './stream-status.ts';

type Read = (stream: StreamStatus) => number | null;

const COUNTERS: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['messages_encoded_total', 'Depth frames packed for viewers.', (s) => s.encoded],
  ['messages_unencoded_total', 'Depth frames passed over for a newer one.', (s) => s.unencoded],
  ['encoding_errors_total', 'Depth frames that could not be encoded.', (s) => s.encodingErrors],
  ['messages_offered_total', 'Messages viewers had coming: sent, dropped and waiting ones.', (s) => s.messages.offered],
  ['messages_sent_total', 'Messages given to viewers, all together.', (s) => s.sent],
  ['messages_skipped_total', 'Messages slow viewers were spared.', (s) => s.skipped],
  ['sent_bytes_total', 'Bytes of the messages given to viewers.', (s) => s.sentBytes],
];

const GAUGES: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['buffered_bytes', 'Bytes that wait for the viewers of a stream.', (s) => s.bufferedBytes],
  ['viewers', 'Viewers connected.', (s) => s.viewers],
  ['messages_waiting', 'Messages that wait for a line to become free.', (s) => s.messages.waiting],
  [
    'last_frame_age_seconds',
    'Time since the last depth frame.',
    (s) => (s.lastFrameAgeMs === null ? null : s.lastFrameAgeMs / 1000),
  ],
  ['consistency_score', 'Score of the last depth frame, 0 to 1.', (s) => s.score],
];

/** Adds what the server knows to a telemetry's registry. The answer counts a request that was turned away, by reason. */
export function addServerMetrics(telemetry: Telemetry, streams: StreamSet, guests: Guests): (reason: string) => void {
  const registers = [telemetry.registry];
  // Every metric of a scrape is collected in one go: asked once, the figures agree with each other.
  let asked: readonly StreamStatus[] | undefined;
  const status = (): readonly StreamStatus[] => {
    if (asked === undefined)
      queueMicrotask(() => {
        asked = undefined;
      });
    asked ??= streams.status();
    return asked;
  };
  const labelNames = ['stream'] as const;
  for (const [name, help, read] of COUNTERS) {
    new Counter({
      name: `depthcast_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const stream of status()) this.inc({ stream: stream.name }, read(stream) ?? 0);
      },
    });
  }
  for (const [name, help, read] of GAUGES) {
    new Gauge({
      name: `depthcast_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const stream of status()) {
          const value = read(stream);
          if (value !== null) this.set({ stream: stream.name }, value);
        }
      },
    });
  }
  new Counter({
    name: 'depthcast_ws_frames_dropped_total',
    help: 'Messages a viewer did not get: slow line, its own rate, a newer frame came first, it left.',
    labelNames: ['stream', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { name: stream, messages } of status()) {
        for (const reason of Object.keys(messages.lost) as MessageLoss[]) {
          this.inc({ stream, reason }, messages.lost[reason]);
        }
      }
    },
  });
  new Gauge({
    name: 'depthcast_ws_clients',
    help: 'WebSocket connections of every kind.',
    registers,
    collect() {
      this.set(guests.count);
    },
  });
  new Gauge({
    name: 'depthcast_ws_buffered_bytes',
    help: 'Bytes that wait in all sockets.',
    registers,
    collect() {
      this.set(guests.bufferedBytes);
    },
  });
  const rejected = new Counter({
    name: 'depthcast_ws_rejected_total',
    help: 'Requests turned away at the door, by reason.',
    labelNames: ['reason'],
    registers,
  });
  return (reason) => rejected.inc({ reason });
}
