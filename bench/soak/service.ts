import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { packageFile } from '../package-file.ts';

const execute = promisify(execFile);

/** One line of the service's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly stream?: string;
  readonly state?: string;
  /** `performance.now()` of this process when the line came. */
  readonly at: number;
}

/** How a stream of the service ended. */
export interface StreamSummary {
  readonly name: string;
  readonly account: { in: number; out: number; dropped: Record<string, number>; inside: number };
  readonly source: {
    decoded: number;
    emitted: number;
    discarded: Record<string, number>;
    reconnects: Record<string, number>;
    stalls: number;
  };
}

/** `depthcast serve` as a process of its own: what it says and what it takes. */
export class Service {
  readonly log: LogLine[] = [];
  /** Everything it has printed. */
  said = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #out = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
    child.stdout!.on('data', (text: Buffer) => {
      this.#out += text.toString();
      this.said += text.toString();
    });
    createInterface({ input: child.stderr! }).on('line', (line) => {
      this.said += `${line}\n`;
      try {
        this.log.push({ ...(JSON.parse(line) as Omit<LogLine, 'at'>), at: performance.now() });
      } catch {
        // Not a line of the log: a warning of Node's own.
      }
    });
  }

  /** Starts it and waits for its address. */
  static async start(args: readonly string[]): Promise<{ service: Service; url: string }> {
    const call = [packageFile('bin/depthcast.js'), 'serve', ...args];
    const service = new Service(spawn(process.execPath, call, { stdio: ['ignore', 'pipe', 'pipe'] }));
    while (!service.#out.includes('\n')) {
      const late = new Promise((resolve) => setTimeout(resolve, 100));
      const code = await Promise.race([service.#ended, late]);
      if (typeof code === 'number') throw new Error(`The service ended with ${code}: ${service.said}`);
    }
    return { service, url: service.#out.split('\n')[0]!.replace('listening on ', '') };
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Process ids of its ffmpegs. */
  async decoders(): Promise<number[]> {
    const { stdout } = await execute('ps', ['-o', 'pid=,comm=', '--ppid', String(this.#child.pid)]).catch(() => ({
      stdout: '',
    }));
    const lines = stdout.split('\n').filter((line) => line.includes('ffmpeg'));
    return lines.map((line) => Number.parseInt(line, 10));
  }

  /** Megabytes (10⁶ bytes) resident. */
  async megabytes(): Promise<number> {
    const { stdout } = await execute('ps', ['-o', 'rss=', '-p', String(this.#child.pid)]).catch(() => ({ stdout: '' }));
    return (Number(stdout.trim()) * 1024) / 1e6;
  }

  /** Open file descriptors; `null` where the system does not tell. */
  async descriptors(): Promise<number | null> {
    return readdir(`/proc/${this.#child.pid}/fd`).then(
      (names) => names.length,
      () => null,
    );
  }

  /** Ends it in order; answers the exit code, how long it took, and what it says of its streams. */
  async end(): Promise<{ code: number | null; ms: number; streams: readonly StreamSummary[] }> {
    const began = performance.now();
    this.signal('SIGTERM');
    const code = await this.#ended;
    const ms = performance.now() - began;
    const last = this.#out.trimEnd().split('\n').at(-1) ?? '';
    const { streams = [] } = last.startsWith('{') ? (JSON.parse(last) as { streams?: StreamSummary[] }) : {};
    return { code, ms, streams };
  }
}
