import { type ColourMapName, type ColourRange, STREET_RANGE } from '../../frames/colour-map.ts';
import type { DepthKind } from '../../frames/depth-map.ts';
import { METRIC_RANGE } from '../../frames/packed-depth.ts';
import { depthText } from './colour-range.ts';

const PRESETS: Readonly<Record<string, ColourRange>> = {
  street: STREET_RANGE,
  indoor: { near: 0.5, far: 8 },
  whole: METRIC_RANGE,
};

/**
 * The controls of range and colours. Metric depth has sliders and presets in metres; depth without a unit has the range
 * that was fitted once, to the first frame or at the press of the button.
 */
export class RangeControls {
  range: ColourRange = PRESETS['street']!;
  map: ColourMapName = 'turbo';
  readonly #form: HTMLFormElement;
  readonly #onChange: () => void;

  constructor(form: HTMLFormElement, onChange: () => void, onFit: () => void) {
    this.#form = form;
    this.#onChange = onChange;
    const [near, far] = [this.#input('near'), this.#input('far')];
    near.addEventListener('input', () => {
      const metres = metresOf(near);
      this.set({ near: metres, far: Math.max(this.range.far, metres * 1.5) });
    });
    far.addEventListener('input', () => {
      const metres = metresOf(far);
      this.set({ near: Math.min(this.range.near, metres / 1.5), far: metres });
    });
    this.#select('preset').addEventListener('change', () => {
      const preset = PRESETS[this.#select('preset').value];
      if (preset) this.set(preset);
    });
    this.#select('map').addEventListener('change', () => {
      this.map = this.#select('map').value as ColourMapName;
      onChange();
    });
    form.querySelector('button')!.addEventListener('click', onFit);
    form.addEventListener('submit', (event) => event.preventDefault());
    this.set(this.range);
  }

  /** Fixes the range. */
  set(range: ColourRange): void {
    this.range = range;
    for (const name of ['near', 'far'] as const) {
      this.#input(name).value = String(sliderOf(range[name]));
      const text = depthText(range[name], 'metric').replace(/\.0+(?= m)/, '');
      this.#input(name).setAttribute('aria-valuetext', text);
      this.#form.querySelector<HTMLOutputElement>(`output[for="${name}"]`)!.value = text;
    }
    const named = Object.keys(PRESETS).find((name) => {
      const preset = PRESETS[name]!;
      return preset.near === range.near && preset.far === range.far;
    });
    this.#select('preset').value = named ?? 'own';
    this.#onChange();
  }

  /** Shows the controls that make sense for a kind of depth. */
  suit(kind: DepthKind): void {
    this.#form.dataset['kind'] = kind;
  }

  #input(id: 'near' | 'far'): HTMLInputElement {
    return this.#form.querySelector<HTMLInputElement>(`#${id}`)!;
  }

  #select(id: 'preset' | 'map'): HTMLSelectElement {
    return this.#form.querySelector<HTMLSelectElement>(`#${id}`)!;
  }
}

// Sliders run over 0…1000 in equal ratios: a step at 2 m matters as much as ten of them at 20 m.
const RATIO = METRIC_RANGE.far / METRIC_RANGE.near;

function metresOf(slider: HTMLInputElement): number {
  const metres = METRIC_RANGE.near * RATIO ** (Number(slider.value) / 1000);
  return Number(metres.toPrecision(2));
}

function sliderOf(metres: number): number {
  return Math.round((1000 * Math.log(metres / METRIC_RANGE.near)) / Math.log(RATIO));
}
