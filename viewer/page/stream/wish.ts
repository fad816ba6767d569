import type { Subscription } from '../../client.ts';

/** What the page knows when it decides what to ask for. */
export interface WishFacts {
  /** What the person chose; `auto` leaves it to the page. */
  readonly size: 'auto' | 'full' | 'half' | 'quarter';
  readonly rate: 'auto' | number;
  /** Width of the panel in device pixels, and of the depth in full. 0 = not known yet. */
  readonly panelWidth: number;
  readonly fullWidth: number;
  /** Nobody looks at the page, or it is paused. */
  readonly isIdle: boolean;
}

/**
 * What to ask the server for: by itself the page takes half the size where its panel shows no more, and one frame a
 * second while nobody looks.
 */
export function wishOf({ size, rate, panelWidth, fullWidth, isIdle }: WishFacts): Subscription {
  return { size: size === 'auto' ? sizeFor(panelWidth, fullWidth) : size, ...rateOf(rate, isIdle) };
}

function sizeFor(panelWidth: number, fullWidth: number): 'full' | 'half' | 'quarter' {
  if (panelWidth === 0 || fullWidth === 0) return 'full';
  // A little less than the panel's pixels is not seen; half as many is.
  if (panelWidth <= fullWidth * 0.3) return 'quarter';
  return panelWidth <= fullWidth * 0.6 ? 'half' : 'full';
}

function rateOf(rate: 'auto' | number, isIdle: boolean): { readonly maxFps?: number } {
  if (isIdle) return { maxFps: 1 };
  return rate === 'auto' ? {} : { maxFps: rate };
}
