import { describe, expect, it } from 'vitest';
import { megabytes, PullProgress } from '../../cli/pull-progress.ts';

/** A progress whose clock a test moves, and what it wrote. */
function made(isTTY: boolean): { progress: PullProgress; written: string[]; clock: { ms: number } } {
  const written: string[] = [];
  const clock = { ms: 0 };
  const output = { isTTY, columns: 120, write: (text: string) => written.push(text) };
  return { progress: new PullProgress(output, () => clock.ms), written, clock };
}

describe('the progress of a download', () => {
  it('is a bar on a terminal, drawn ten times a second at most', () => {
    const { progress, written, clock } = made(true);
    progress.file('m/graph.onnx');
    progress.bytes(0, 10_000_000);
    for (let at = 1; at <= 50; at++) {
      clock.ms = at * 10;
      progress.bytes(at * 100_000, 10_000_000);
    }
    expect(written.length).toBe(5);
    expect(written.at(-1)).toContain(
      `${'█'.repeat(14)}${'░'.repeat(14)} m/graph.onnx: 5.0 MB of 10.0 MB, 10.0 MB a second`,
    );
    progress.end();
    expect(written.at(-1)).toBe('\n');
  });

  it('is a plain line every five seconds elsewhere, and one at the end', () => {
    const { progress, written, clock } = made(false);
    progress.file('m/graph.onnx');
    for (let at = 0; at <= 12; at++) {
      clock.ms = at * 1000;
      progress.bytes(at * 1_000_000, 12_000_000);
    }
    expect(written.map((line) => line.split(',')[0])).toEqual([
      'm/graph.onnx: 5.0 MB of 12.0 MB',
      'm/graph.onnx: 10.0 MB of 12.0 MB',
      'm/graph.onnx: 12.0 MB of 12.0 MB',
    ]);
  });

  it('counts only what came in this run, so that a resumed file has the right rate', () => {
    const { progress, written, clock } = made(false);
    progress.file('m/graph.onnx');
    progress.bytes(90_000_000, 100_000_000);
    clock.ms = 10_000;
    progress.bytes(100_000_000, 100_000_000);
    expect(written.at(-1)).toContain('1.0 MB a second');
    expect(megabytes(999)).toBe('1.0 kB');
  });

  it('knows no end where the server does not tell the length', () => {
    const { progress, written, clock } = made(true);
    progress.file('m/graph.onnx');
    progress.bytes(0, undefined);
    clock.ms = 200;
    progress.bytes(2_000_000, undefined);
    expect(written.at(-1)).toContain('m/graph.onnx: 2.0 MB, 10.0 MB a second');
    expect(written.at(-1)).not.toContain('█');
  });
});
