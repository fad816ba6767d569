import { Counter, Gauge, type Registry } from 'prom-client';
import { BoundedLabels } from './bounded-labels.ts';
import { CAMERA_STATES, type CameraReading } from './camera-reading.ts';

type Read = (camera: CameraReading) => number | null;
type Cameras = ReadonlyMap<string, () => CameraReading>;

const COUNTERS: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['source_frames_total', 'Frames cut from the decoder of a camera.', (camera) => camera.decoded],
  ['source_frames_emitted_total', 'Frames of a camera that were handed on.', (camera) => camera.emitted],
  ['source_stalls_total', 'Times a camera sent no frame for too long.', (camera) => camera.stalls],
  ['source_decode_errors_total', 'Errors the decoder reported.', (camera) => camera.decodeErrors],
  ['source_ts_discontinuities_total', 'Jumps of the media time.', (camera) => camera.timestampJumps],
  ['source_size_changes_total', 'Times the size of the picture changed.', (camera) => camera.sizeChanges],
];

const BY_REASON: readonly (readonly [
  name: string,
  help: string,
  read: (camera: CameraReading) => Readonly<Record<string, number>>,
])[] = [
  ['source_discarded_total', 'Frames of a camera let go at the source.', (camera) => camera.discarded],
  ['source_reconnects_total', 'Times a camera was connected again.', (camera) => camera.reconnects],
];

/** Adds what cameras know of themselves to a registry; each camera is asked at each scrape, never in between. */
export function addCameraMetrics(registry: Registry, cameras: Cameras): void {
  const registers = [registry];
  for (const [name, help, read] of COUNTERS) {
    new Counter({
      name: `depthcast_${name}`,
      help,
      labelNames: ['stream'],
      registers,
      collect() {
        this.reset();
        for (const [stream, status] of cameras) this.inc({ stream }, read(status()) ?? 0);
      },
    });
  }
  for (const [name, help, read] of BY_REASON) {
    const reasons = new BoundedLabels(32);
    new Counter({
      name: `depthcast_${name}`,
      help,
      labelNames: ['stream', 'reason'],
      registers,
      collect() {
        this.reset();
        for (const [stream, status] of cameras) {
          for (const [reason, count] of Object.entries(read(status()))) {
            this.inc({ stream, reason: reasons.take(reason) }, count);
          }
        }
      },
    });
  }
  new Counter({
    name: 'depthcast_decoder_exits_total',
    help: 'Ends of decoder processes, by exit code or signal.',
    labelNames: ['stream', 'code', 'signal'],
    registers,
    collect() {
      this.reset();
      for (const [stream, status] of cameras) {
        for (const [ending, count] of Object.entries(status().decoderExits)) {
          const code = /^code (-?\d{1,5})$/.exec(ending)?.[1];
          const signal = /^SIG[A-Z0-9]{1,12}$/.test(ending) ? ending : '';
          this.inc({ stream, code: code ?? '', signal }, count);
        }
      }
    },
  });
  new Gauge({
    name: 'depthcast_source_state',
    help: 'State of a camera: 1 for the one it is in, 0 for the others.',
    labelNames: ['stream', 'state'],
    registers,
    collect() {
      this.reset();
      for (const [stream, status] of cameras) {
        const now = status().state;
        for (const state of CAMERA_STATES) this.set({ stream, state }, state === now ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'depthcast_source_last_frame_age_seconds',
    help: 'Time since the last frame of a camera; absent before the first.',
    labelNames: ['stream'],
    registers,
    collect() {
      this.reset();
      for (const [stream, status] of cameras) {
        const age = status().lastFrameAgeMs;
        if (age !== null) this.set({ stream }, age / 1000);
      }
    },
  });
}
