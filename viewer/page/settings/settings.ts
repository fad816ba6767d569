import type { ColourMapName } from '../../../frames/colour-map.ts';

/** What a person may choose; it is kept in the browser. */
export interface Settings {
  readonly view: 'side' | 'overlay' | 'swipe' | 'cloud' | 'grid';
  readonly map: ColourMapName;
  /** Whether colours are spread evenly over inverse depth, as networks see it, or over depth. */
  readonly scale: 'inverse' | 'linear';
  /** Metres at the two ends of the colours, for metric depth. */
  readonly near: number;
  readonly far: number;
  /** Share of depth in the overlay. */
  readonly opacity: number;
  /** What is asked of the server. */
  readonly size: 'auto' | 'full' | 'half' | 'quarter';
  readonly rate: 'auto' | '15' | '5' | '1';
  readonly theme: 'auto' | 'dark' | 'light';
  readonly tiles: 'both' | 'depth' | 'picture';
  readonly cloudColour: 'picture' | 'depth';
  /** Width of a point, as a share of the gap to its neighbour. */
  readonly pointSize: number;
  /** Largest step in depth from one pixel to the next, as a share, before a point counts as flying. */
  readonly edge: number;
  /** Past clouds that stay visible. */
  readonly trail: number;
  /** Whether the cloud is thinned while it moves where the machine is slow, or never. */
  readonly motion: 'smooth' | 'all';
  readonly turn: boolean;
  readonly shortcuts: boolean;
}

export const DEFAULTS: Settings = {
  view: 'side',
  map: 'turbo',
  scale: 'inverse',
  near: 4,
  far: 80,
  opacity: 0.6,
  size: 'auto',
  rate: 'auto',
  theme: 'auto',
  tiles: 'both',
  cloudColour: 'picture',
  pointSize: 1.2,
  edge: 0.08,
  trail: 0,
  motion: 'smooth',
  turn: false,
  shortcuts: true,
};

/** What each choice may be; numbers have their least and largest value. */
export const CHOICES = {
  view: ['side', 'overlay', 'swipe', 'cloud', 'grid'],
  map: ['turbo', 'magma', 'viridis', 'cividis'],
  scale: ['inverse', 'linear'],
  near: [0.01, 1000],
  far: [0.02, 10_000],
  opacity: [0, 1],
  size: ['auto', 'full', 'half', 'quarter'],
  rate: ['auto', '15', '5', '1'],
  theme: ['auto', 'dark', 'light'],
  tiles: ['both', 'depth', 'picture'],
  cloudColour: ['picture', 'depth'],
  pointSize: [0.5, 4],
  edge: [0.01, 0.5],
  trail: [0, 8],
  motion: ['smooth', 'all'],
} as const;

/** The settings with whatever of `saved` is a valid choice; it may come from an older page, or from anybody. */
export function settingsFrom(saved: unknown): Settings {
  const settings: Record<string, unknown> = { ...DEFAULTS };
  for (const [name, value] of Object.entries((saved ?? {}) as Record<string, unknown>)) {
    const choices = CHOICES[name as keyof typeof CHOICES] as readonly unknown[] | undefined;
    const isChoice =
      typeof value === 'number'
        ? typeof choices?.[0] === 'number' && value >= choices[0] && value <= (choices[1] as number)
        : typeof value === 'boolean'
          ? typeof settings[name] === 'boolean'
          : (choices?.includes(value) ?? false);
    if (isChoice) settings[name] = value;
  }
  const checked = settings as unknown as Settings;
  return checked.far > checked.near ? checked : { ...checked, near: DEFAULTS.near, far: DEFAULTS.far };
}
