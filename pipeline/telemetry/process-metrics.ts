import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Milliseconds between two looks of the histogram at the event loop; its figures hold one such interval. */
const RESOLUTION_MS = 10;

/**
 * Memory, processor, file descriptors and event loop of this process, under the names every Node dashboard knows. The
 * returned function ends the watch on the event loop.
 */
export function addProcessMetrics(registry: Registry): () => void {
  const registers = [registry];
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of this process.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When this process started, Unix seconds.',
    registers,
    collect() {
      this.set(Math.round(Date.now() / 1000 - process.uptime()));
    },
  });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of this process, user and system, all threads.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_open_fds',
    help: 'Open file descriptors; absent where the system does not tell.',
    registers,
    collect() {
      const open = openDescriptors();
      if (open !== undefined) this.set(open);
    },
  });
  for (const [share, name] of [
    [50, 'p50'],
    [99, 'p99'],
  ] as const) {
    new Gauge({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      help: `Delay of the event loop since the last look, ${share}th percentile.`,
      registers,
      collect() {
        this.set(Math.max(0, delay.percentile(share) / 1e9 - RESOLUTION_MS / 1000));
        // The last of the two begins a new stretch: a percentile since the start would hide what is wrong now.
        if (share === 99) delay.reset();
      },
    });
  }
  return () => delay.disable();
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
