import { afterEach, describe, expect, it } from 'vitest';
import type { CameraReading } from '../../../pipeline/telemetry/camera-reading.ts';
import { MOST_STREAMS, Telemetry } from '../../../pipeline/telemetry/telemetry.ts';

const CAMERA: CameraReading = {
  state: 'stalled',
  decoded: 100,
  emitted: 90,
  discarded: { stale: 8, 'unknown-time': 2 },
  reconnects: { stall: 3, exit: 1 },
  stalls: 3,
  decodeErrors: 5,
  timestampJumps: 1,
  sizeChanges: 0,
  decoderExits: { 'code 0': 2, SIGKILL: 1 },
  lastFrameAgeMs: 2600,
};

const running: Telemetry[] = [];
const telemetry = (): Telemetry => {
  const made = new Telemetry();
  running.push(made);
  return made;
};

afterEach(() => {
  for (const made of running.splice(0)) made.close();
});

describe('telemetry', () => {
  it('counts what a stream tells, by stage and reason', async () => {
    const metrics = telemetry();
    const stream = metrics.stream('cam');
    for (let i = 0; i < 5; i++) stream.decoded();
    stream.dropped('window', 'busy', 2);
    stream.dropped('window', 'busy');
    stream.dropped('window', 'stale', 0);
    stream.estimated('tc-depth-lite');
    stream.fellBack('scene-cut');
    stream.error('estimate', 'model-crashed');
    stream.published();
    const text = await metrics.text();
    for (const line of [
      'depthcast_frames_decoded_total{stream="cam"} 5',
      'depthcast_frames_dropped_total{stream="cam",stage="window",reason="busy"} 3',
      'depthcast_frames_estimated_total{stream="cam",estimator="tc-depth-lite"} 1',
      'depthcast_fallbacks_total{stream="cam",reason="scene-cut"} 1',
      'depthcast_errors_total{stream="cam",stage="estimate",code="model-crashed"} 1',
      'depthcast_frames_total{stream="cam"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).not.toContain('stale');
  });

  it('sorts latencies into buckets, in seconds', async () => {
    const metrics = telemetry();
    const stream = metrics.stream('cam');
    for (const ms of [0.5, 30, 30, 700, Number.NaN, -1]) stream.stage('total', ms);
    const text = await metrics.text();
    const bucket = (le: string, count: number) =>
      `depthcast_stage_latency_seconds_bucket{le="${le}",stream="cam",stage="total"} ${count}\n`;
    for (const [le, count] of [
      ['0.001', 1],
      ['0.02', 1],
      ['0.033', 3],
      ['0.5', 3],
      ['1', 4],
      ['+Inf', 4],
    ] as const) {
      expect(text).toContain(bucket(le, count));
    }
    expect(text).toContain('depthcast_stage_latency_seconds_sum{stream="cam",stage="total"} 0.7605\n');
  });

  it('asks a camera and queues at each scrape, and only then', async () => {
    const metrics = telemetry();
    let asked = 0;
    metrics.stream('cam').camera(() => {
      asked++;
      return { ...CAMERA, decoded: 100 * asked };
    });
    let waiting = 3;
    metrics.stream('cam').queue('window', () => waiting);
    expect(asked).toBe(0);
    const first = await metrics.text();
    for (const line of [
      'depthcast_source_state{stream="cam",state="stalled"} 1',
      'depthcast_source_state{stream="cam",state="live"} 0',
      'depthcast_source_discarded_total{stream="cam",reason="stale"} 8',
      'depthcast_source_reconnects_total{stream="cam",reason="stall"} 3',
      'depthcast_source_stalls_total{stream="cam"} 3',
      'depthcast_source_decode_errors_total{stream="cam"} 5',
      'depthcast_source_ts_discontinuities_total{stream="cam"} 1',
      'depthcast_source_last_frame_age_seconds{stream="cam"} 2.6',
      'depthcast_decoder_exits_total{stream="cam",code="0",signal=""} 2',
      'depthcast_decoder_exits_total{stream="cam",code="",signal="SIGKILL"} 1',
      'depthcast_queue_depth{stream="cam",stage="window"} 3',
    ]) {
      expect(first).toContain(`${line}\n`);
    }
    waiting = 0;
    expect(await metrics.text()).toContain('depthcast_queue_depth{stream="cam",stage="window"} 0\n');
    expect(metrics.cameraOf('cam')?.state).toBe('stalled');
    expect(metrics.cameraOf('other')).toBeUndefined();
  });

  it('escapes whatever comes as a label, so that no input can write a line of its own', async () => {
    const metrics = telemetry();
    const evil = 'a"} 1\ndepthcast_forged_total{x="\\';
    metrics.stream('cam').dropped('window', evil);
    metrics.stream('cam').error(evil, evil);
    metrics.stream('cam').estimated(evil);
    const text = await metrics.text();
    expect(text.split('\n').some((line) => line.startsWith('depthcast_forged'))).toBe(false);
    const line =
      /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="([^"\\\n]|\\["\\n])*"(,\w+="([^"\\\n]|\\["\\n])*")*\})? (-?[\d.e+-]+|Nan))?$/;
    for (const written of text.split('\n')) expect(written).toMatch(line);
  });

  it('stays small whatever names and reasons are invented', async () => {
    const metrics = telemetry();
    for (let i = 0; i < 5000; i++) {
      metrics.stream('cam').dropped('window', `reason ${i}`);
      metrics.stream('cam').error('x'.repeat(200), `code ${i}`);
    }
    for (let i = 0; i < 2 * MOST_STREAMS; i++) metrics.stream(`stream ${i}`).published();
    const text = await metrics.text();
    const count = (start: string) => text.split('\n').filter((line) => line.startsWith(start)).length;
    expect(count('depthcast_frames_dropped_total{')).toBe(33);
    expect(count('depthcast_errors_total{')).toBe(33);
    expect(count('depthcast_frames_total{')).toBe(MOST_STREAMS + 1);
    expect(text).toContain('depthcast_frames_dropped_total{stream="cam",stage="window",reason="other"} 4968\n');
    expect(text).not.toContain('x'.repeat(65));
  });

  it('takes all series of a stream out when it is forgotten, and makes room for another', async () => {
    const metrics = telemetry();
    for (const name of ['cam', 'yard']) {
      const stream = metrics.stream(name);
      stream.published();
      stream.dropped('window', 'busy');
      stream.stage('total', 5);
      stream.camera(() => CAMERA);
      stream.queue('window', () => 1);
    }
    metrics.forget('cam');
    metrics.forget('nobody');
    const text = await metrics.text();
    expect(text).not.toContain('stream="cam"');
    expect(text).toContain('depthcast_stage_latency_seconds_count{stream="yard",stage="total"} 1\n');
    metrics.stream('cam').published();
    expect(await metrics.text()).toContain('depthcast_frames_total{stream="cam"} 1\n');
  });

  it('mixes with no other telemetry in the process', async () => {
    const [one, other] = [telemetry(), telemetry()];
    one.stream('cam').published();
    expect(await other.text()).not.toContain('stream="cam"');
  });

  it('tells of the process under the names that every dashboard knows', async () => {
    const metrics = telemetry();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const text = await metrics.text();
    const numberOf = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
    expect(numberOf('process_resident_memory_bytes')).toBeGreaterThan(10e6);
    expect(numberOf('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(numberOf('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
    expect(numberOf('nodejs_eventloop_lag_p99_seconds')).toBeLessThan(10);
  });
});
