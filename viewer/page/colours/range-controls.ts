import { type ColourMapName, type ColourRange, STREET_RANGE } from '../../../frames/colour-map.ts';
import type { DepthKind } from '../../../frames/depth-map.ts';
import { METRIC_RANGE, type QuantisedDepth } from '../../../frames/packed-depth.ts';
import type { Settings } from '../settings/settings.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import { type DisplayRange, rangeOfFrame } from './colour-range.ts';

const PRESETS: Readonly<Record<string, ColourRange>> = {
  street: STREET_RANGE,
  indoor: { near: 0.5, far: 8 },
  whole: METRIC_RANGE,
};

/**
 * The controls of range and colours. Metric depth has near and far in metres, kept from visit to visit; depth without a
 * unit has the range that was fitted once, to the first frame or at the press of the button.
 */
export class RangeControls {
  readonly #form: HTMLFormElement;
  readonly #store: SettingsStore;
  #kind: DepthKind = 'metric';
  /** Range of depth without a unit, by stream. */
  readonly #fitted = new Map<string, ColourRange>();

  constructor(form: HTMLFormElement, store: SettingsStore, onFit: () => void) {
    this.#form = form;
    this.#store = store;
    for (const name of ['near', 'far'] as const) {
      const input = this.#input(name);
      input.addEventListener('change', () => {
        const metres = input.valueAsNumber;
        if (!(metres > 0)) this.#write(store.now);
        else this.#set({ ...store.now, [name]: metres }, name);
      });
    }
    this.#select('preset').addEventListener('change', () => {
      const preset = PRESETS[this.#select('preset').value];
      if (preset) store.set(preset);
    });
    this.#select('map').addEventListener('change', () => {
      store.set({ map: this.#select('map').value as ColourMapName });
    });
    this.#select('scale').addEventListener('change', () => {
      store.set({ scale: this.#select('scale').value as Settings['scale'] });
    });
    const opacity = this.#input('opacity');
    opacity.addEventListener('input', () => store.set({ opacity: opacity.valueAsNumber }));
    form.querySelector('button')!.addEventListener('click', onFit);
    form.addEventListener('submit', (event) => event.preventDefault());
    store.onChange((settings) => this.#write(settings));
    this.#write(store.now);
  }

  /** The range that a stream is shown in; depth without a unit gets one at its first frame. */
  rangeFor(stream: string, depth: QuantisedDepth): DisplayRange {
    const { near, far, scale } = this.#store.now;
    if (depth.kind === 'metric') return { near, far, scale };
    if (!this.#fitted.has(stream)) this.fit(stream, depth);
    return { ...(this.#fitted.get(stream) ?? { near: 1, far: 2 }), scale };
  }

  /** Sets the range once, from one frame. */
  fit(stream: string, depth: QuantisedDepth): void {
    const range = rangeOfFrame(depth);
    if (!range) return;
    if (depth.kind !== 'metric') this.#fitted.set(stream, range);
    else this.#store.set({ near: Number(range.near.toPrecision(2)), far: Number(range.far.toPrecision(2)) });
  }

  /** Shows the controls that make sense for a kind of depth. */
  suit(kind: DepthKind): void {
    this.#kind = kind;
    if (this.#form.dataset['kind'] !== kind) this.#form.dataset['kind'] = kind;
    this.#select('scale').disabled = this.#kind === 'inverse';
  }

  /** Keeps near before far by moving the other one. */
  #set({ near, far }: ColourRange, moved: 'near' | 'far'): void {
    if (near < far) this.#store.set({ near, far });
    else if (moved === 'near') this.#store.set({ near, far: near * 1.5 });
    else this.#store.set({ near: far / 1.5, far });
    this.#write(this.#store.now);
  }

  #write({ near, far, map, scale, opacity }: Settings): void {
    this.#input('near').value = String(Number(near.toPrecision(3)));
    this.#input('far').value = String(Number(far.toPrecision(3)));
    this.#input('opacity').value = String(opacity);
    this.#select('map').value = map;
    this.#select('scale').value = scale;
    const named = Object.keys(PRESETS).find((name) => PRESETS[name]!.near === near && PRESETS[name]!.far === far);
    this.#select('preset').value = named ?? 'own';
  }

  #input(id: 'near' | 'far' | 'opacity'): HTMLInputElement {
    return this.#form.querySelector<HTMLInputElement>(`#${id}`)!;
  }

  #select(id: 'preset' | 'map' | 'scale'): HTMLSelectElement {
    return this.#form.querySelector<HTMLSelectElement>(`#${id}`)!;
  }
}
