import type { ClipFrame } from './evaluated-frame.ts';
import { counted } from './in-words.ts';
import type { Preset } from './presets.ts';

/** TCM's three means over all pairs of its snippets, as `operators/metrics/tcm.ts` has them. */
export interface TcmMeans {
  readonly absErr: number | null;
  readonly sqErr: number | null;
  readonly rmse: number | null;
}

/** Means over pairs of successive frames, TCM's over all pairs of its snippets; `null` where there was none. */
export interface ClipConsistency {
  readonly means: {
    /** Across successive windows: one prediction a window, as a stream has them. */
    readonly tcm: TcmMeans;
    readonly tae: number | null;
    readonly opw: number | null;
    readonly rtc: number | null;
    readonly selfReprojection: number | null;
    /** Each snippet answered from its own frames alone, as TC-Depth's released evaluation has it. */
    readonly tcmWithin: TcmMeans;
  };
  readonly notes: Readonly<Record<string, string>>;
}

/** What the notes are about. */
export interface LookedAtClip {
  readonly clip: readonly ClipFrame[];
  readonly preset: Preset;
  /** False where the prediction's scale could not be told from any truth. */
  readonly scaleKnown: boolean;
}

/** How TCM within snippets came about. */
export interface WithinSnippets {
  /** How it was measured, or why it was not. */
  readonly words: string;
  /** Snippets that the model did not answer whole. */
  readonly failed: number;
}

/** Sums of figures by their names. */
export class ConsistencyFigures {
  readonly #sums = new Map<string, { sum: number; count: number }>();
  flowPoints = 0;

  add(name: string, value: number | undefined): number | undefined {
    if (value === undefined || !Number.isFinite(value)) return undefined;
    const entry = this.#sums.get(name) ?? { sum: 0, count: 0 };
    this.#sums.set(name, { sum: entry.sum + value, count: entry.count + 1 });
    return value;
  }

  count(name: string): number {
    return this.#sums.get(name)?.count ?? 0;
  }

  means(): ClipConsistency['means'] {
    const mean = (name: string): number | null => {
      const entry = this.#sums.get(name);
      return entry ? entry.sum / entry.count : null;
    };
    const tcmMeans = (of: string): TcmMeans => {
      return { absErr: mean(`${of} absErr`), sqErr: mean(`${of} sqErr`), rmse: mean(`${of} rmse`) };
    };
    return {
      tcm: tcmMeans('tcm'),
      tae: mean('tae'),
      opw: mean('opw'),
      rtc: mean('rtc'),
      selfReprojection: mean('selfReprojection'),
      tcmWithin: tcmMeans('tcmWithin'),
    };
  }

  /** What each figure was measured on, or why there is none, by its name. */
  notes({ clip, preset, scaleKnown }: LookedAtClip, within: WithinSnippets): Record<string, string> {
    const posed = clip.filter(({ pose }) => pose).length;
    const lack =
      clip.length < 2
        ? 'there are fewer than two frames'
        : posed < 2
          ? 'the data set states no poses'
          : clip.every(({ camera }) => !camera)
            ? 'the camera is not known; give --intrinsics'
            : undefined;
    const notes: Record<string, string> = {};
    const say = (name: string, count: number, otherwise: string, measured: string): void => {
      notes[name] = count > 0 ? measured : (lack ?? otherwise);
    };
    const noTruth = 'no pair of successive frames has enough depth, measured and predicted, to be compared';
    const flow = `flow from measured depth and true poses, ${Math.round(this.flowPoints / Math.max(1, this.count('opw')))} pixels a pair`;
    const noSnippet = `no ${preset.snippet.length + 1} successive frames have enough depth, measured and predicted, to be compared`;
    const pairs = this.count('tcm absErr');
    const windows = 'across successive windows, one prediction a window; flow from measured depth and true poses';
    say('tcm', pairs, noSnippet, `metres, ${pairs} pairs; ${windows}`);
    say('tae', this.count('tae'), noTruth, `percent, ${this.count('tae')} pairs; one scale and shift for the clip`);
    const unscaled = scaleKnown
      ? noTruth
      : 'the scale of the prediction cannot be told: no pixel has both measured and predicted depth';
    say('opw', this.count('opw'), unscaled, `metres, ${flow}, camera motion taken out`);
    say('rtc', this.count('rtc'), unscaled, `share within 1 %, ${flow}, camera motion taken out`);
    say(
      'selfReprojection',
      this.count('selfReprojection'),
      unscaled,
      'relative, true poses, both ways, hidden pixels left out',
    );
    const inside = this.count('tcmWithin absErr');
    const left = within.failed > 0 ? `; the model did not answer ${counted(within.failed, 'snippet')}` : '';
    say('tcmWithin', inside, `${within.words}${left}`, `metres, ${inside} pairs; ${within.words}${left}`);
    if (pairs === 0) notes['tcmWithin'] = notes['tcm']!;
    return notes;
  }
}
