import { describe, expect, it } from 'vitest';
import { Progress } from '../../cli/progress.ts';

function drawn(isTTY: boolean, total: number | undefined, steps: number, msPerStep: number): string[] {
  const texts: string[] = [];
  let now = 0;
  const output = { isTTY, columns: 80, write: (text: string) => texts.push(text) };
  const progress = new Progress({ output, total, now: () => now });
  for (let i = 0; i < steps; i++) {
    now += msPerStep;
    progress.step();
  }
  progress.end();
  return texts;
}

describe('progress', () => {
  it('is a plain line every five seconds where there is no terminal', () => {
    expect(drawn(false, 200, 120, 100)).toEqual([
      '50/200 frames, 10.0 a second, 0:15 left\n',
      '100/200 frames, 10.0 a second, 0:10 left\n',
    ]);
  });

  it('is a bar that is drawn over itself on a terminal, and never wraps', () => {
    const texts = drawn(true, 100, 100, 50);
    expect(texts.at(-1)).toBe('\n');
    const bars = texts.slice(0, -1);
    expect(bars.every((text) => text.startsWith('\r\x1b[2K') && text.length < 80 + 5 && !text.includes('\n'))).toBe(
      true,
    );
    expect(bars.at(-1)).toContain('100/100 frames, 20.0 a second');
  });

  it('tells no time left where the number of frames is not known', () => {
    expect(drawn(false, undefined, 100, 100)).toEqual(['50 frames, 10.0 a second\n', '100 frames, 10.0 a second\n']);
  });
});
