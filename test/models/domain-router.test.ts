import { describe, expect, it } from 'vitest';
import { DomainRouter } from '../../models/domain-router.ts';

const rule = { tensor: 'logits', answers: ['indoors', 'outdoors'], margin: 0.2, frames: 10 };

/** What a router chooses for frames whose logits differ by so much (positive: outdoors). */
function chosen(differences: readonly number[], router = new DomainRouter(rule)): number[] {
  return differences.map((difference, at) => router.choose({ stream: 'drive', starts: at === 0 }, [0, difference]));
}

const changes = (list: readonly number[]): number =>
  list.filter((value, at) => at > 0 && value !== list[at - 1]).length;

describe('a router between two heads', () => {
  it('does not flip on a stream whose logits hover around zero, where a choice a frame would 500 times and more', () => {
    const hovering = Array.from({ length: 1000 }, (_, at) => 0.8 * Math.sin(at * 1.7) + 0.3 * Math.sin(at * 0.31));
    expect(changes(hovering.map((difference) => (difference > 0 ? 1 : 0)))).toBeGreaterThan(500);
    expect(changes(chosen(hovering))).toBe(0);
  });

  it('keeps its head through nine clear frames of the other domain and takes the other on the tenth', () => {
    expect(chosen([3, ...Array<number>(9).fill(-3), 3, ...Array<number>(10).fill(-3)])).toEqual([
      ...Array<number>(20).fill(1),
      0,
    ]);
  });

  it('does not count a lead that is too small, however long it lasts', () => {
    // 0.3 in logits is 0.15 in probability.
    expect(changes(chosen([3, ...Array<number>(200).fill(-0.3)]))).toBe(0);
    expect(changes(chosen([3, ...Array<number>(200).fill(-0.6)]))).toBe(1);
  });

  it('decides anew where a stretch begins', () => {
    const router = new DomainRouter(rule);
    expect(router.choose({ stream: 'drive', starts: false }, [0, 5])).toBe(1);
    expect(router.choose({ stream: 'drive', starts: false }, [5, 0])).toBe(1);
    expect(router.choose({ stream: 'drive', starts: true }, [5, 0])).toBe(0);
  });

  it('keeps streams apart', () => {
    const router = new DomainRouter(rule);
    expect(router.choose({ stream: 'house', starts: false }, [5, 0])).toBe(0);
    expect(router.choose({ stream: 'street', starts: false }, [0, 5])).toBe(1);
    expect(router.choose({ stream: 'house', starts: false }, [0, 5])).toBe(0);
  });

  it('stays where it is when the logits are no numbers, and forgets the streams that were silent longest', () => {
    const router = new DomainRouter(rule);
    expect(router.choose({ stream: 'drive', starts: false }, [0, 5])).toBe(1);
    expect(router.choose({ stream: 'drive', starts: false }, [Number.NaN, Number.NaN])).toBe(1);
    for (let at = 0; at < 64; at++) router.choose({ stream: `other ${at}`, starts: false }, [5, 0]);
    expect(router.choose({ stream: 'drive', starts: false }, [5, 0])).toBe(0);
  });
});
