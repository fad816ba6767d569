import { createRandom } from '../random.ts';

/** How light becomes a picture. */
export interface Film {
  /** Factor before the curve. */
  readonly exposure: number;
  /** 1 keeps colours as they are, 0 makes them grey. */
  readonly saturation: number;
  /** Standard deviation of the sensor's noise, in steps of 255, in the mid-tones. */
  readonly grain: number;
}

/**
 * Linear light to 8-bit sRGB: a film's S-curve (K. Narkowicz's fit of the ACES curve, 2015), darker corners, noise.
 * Three numbers a pixel in and out.
 */
export function develop(light: Float32Array, width: number, height: number, film: Film, seed: number): Uint8Array {
  const picture = new Uint8Array(width * height * 3);
  const random = createRandom(seed);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 3;
      const cornerX = (x / width - 0.5) * 2;
      const cornerY = (y / height - 0.5) * 2;
      const corner = 1 - 0.1 * (cornerX * cornerX * 0.8 + cornerY * cornerY * 0.2);
      const grey =
        0.2126 * (light[i] as number) + 0.7152 * (light[i + 1] as number) + 0.0722 * (light[i + 2] as number);
      const shared = gaussian(random);
      for (let k = 0; k < 3; k++) {
        const value = curve((grey + ((light[i + k] as number) - grey) * film.saturation) * film.exposure * corner);
        const noise = film.grain * (0.75 * shared + 0.5 * gaussian(random)) * (0.6 + 0.8 * value * (1 - value));
        picture[i + k] = Math.max(0, Math.min(255, Math.round(255 * encode(value) + noise)));
      }
    }
  }
  return picture;
}

function curve(x: number): number {
  const v = (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14);
  return v < 0 ? 0 : Math.min(v, 1);
}

/** The sRGB transfer curve (IEC 61966-2-1). */
function encode(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}

function gaussian(random: () => number): number {
  return (random() + random() + random() + random() - 2) * Math.sqrt(3);
}
