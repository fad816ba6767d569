import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DepthcastError } from '../../frames/index.ts';
import { parseCard } from '../../models/card.ts';

const path = new URL('../../models/cards/tc-depth-lite.json', import.meta.url);
// biome-ignore lint/suspicious/noExplicitAny: a card is taken apart and broken here.
type Broken = any;
const good = (): Broken => JSON.parse(readFileSync(path, 'utf8'));

function faultOf(json: unknown): DepthcastError {
  try {
    parseCard(json, 'here.json');
  } catch (error) {
    if (error instanceof DepthcastError) return error;
    throw error;
  }
  throw new Error('the card was taken');
}

describe('a card', () => {
  it('is taken as it is when nothing is wrong with it', () => {
    expect(parseCard(good(), 'here.json')).toMatchObject({ id: 'tc-depth-lite', family: 'windowed-features' });
  });

  it('with an unknown key is refused with the path of that key', () => {
    const card = good();
    card.input.size.stride = 4;
    const fault = faultOf(card);
    expect(fault.code).toBe('model-invalid');
    expect(fault.message).toContain('input.size.stride');
    expect(fault.message).toContain('here.json');
  });

  it('cannot smuggle in a prototype', () => {
    const text = JSON.stringify(good()).replace('{', '{"__proto__":{"shipped":true},');
    expect(faultOf(JSON.parse(text)).message).toContain('__proto__');
  });

  it.each([
    [
      'version',
      (card: Broken) => {
        card.version = 2;
      },
    ],
    [
      'id',
      (card: Broken) => {
        card.id = '../../etc/passwd';
      },
    ],
    ['id', (card: Broken) => (card.id = 'x'.repeat(65))],
    [
      'family',
      (card: Broken) => {
        card.family = 'oracle';
      },
    ],
    [
      'parts.frame.sha256',
      (card: Broken) => {
        card.parts.frame.sha256 = 'ABC';
      },
    ],
    [
      'parts.frame.file',
      (card: Broken) => {
        card.parts.frame.file = '/etc/passwd';
      },
    ],
    [
      'parts.frame.file',
      (card: Broken) => {
        card.parts.frame.file = 'C:\\model.onnx';
      },
    ],
    [
      'parts.frame.file',
      (card: Broken) => {
        card.parts.frame.file = 'https://example.org/model.onnx';
      },
    ],
    [
      'parts.frame.file',
      (card: Broken) => {
        card.parts.frame.file = '../../outside.onnx';
        card.parts.frame.url = 'https://example.org/frame.onnx';
      },
    ],
    [
      'parts.frame.file',
      (card: Broken) => {
        card.parts.frame.file = 'pins.json';
        card.parts.frame.url = 'https://example.org/frame.onnx';
      },
    ],
    [
      'parts.frame.url',
      (card: Broken) => {
        card.parts.frame.url = 'http://example.org/frame.onnx';
      },
    ],
    [
      'parts.frame.url',
      (card: Broken) => {
        card.parts.frame.url = 'https://me:secret@example.org/frame.onnx';
      },
    ],
    [
      'parts.frame.sha256',
      (card: Broken) => {
        delete card.parts.frame.sha256;
      },
    ],
    [
      'parts.window',
      (card: Broken) => {
        delete card.parts.window;
      },
    ],
    [
      'window.offsets',
      (card: Broken) => {
        card.window.offsets = [-1, 1];
      },
    ],
    [
      'window.offsets',
      (card: Broken) => {
        card.window.offsets = [-1, -1, 0];
      },
    ],
    [
      'window.alternatives.0',
      (card: Broken) => {
        card.window.alternatives = [[-1, 0]];
      },
    ],
    [
      'input.std',
      (card: Broken) => {
        card.input.std = [1, 0, 1];
      },
    ],
    [
      'input.size.multiple',
      (card: Broken) => {
        card.input.size.multiple = 0;
      },
    ],
    [
      'output.max',
      (card: Broken) => {
        card.output.max = 0.01;
      },
    ],
    [
      'output.min',
      (card: Broken) => {
        card.output.min = -1;
      },
    ],
    [
      'camera.canonicalFocal',
      (card: Broken) => {
        card.camera.canonicalFocal = null;
      },
    ],
    [
      'licence.commercial',
      (card: Broken) => {
        card.licence.commercial = 'no';
      },
    ],
  ])('names %s when that is what is wrong', (key, spoil) => {
    const card = good();
    spoil(card);
    const fault = faultOf(card);
    expect(fault.code).toBe('model-invalid');
    expect(fault.message).toContain(`${key}:`);
  });

  it.each([null, 7, 'card', [], {}])('is not %j', (json) => {
    expect(faultOf(json).code).toBe('model-invalid');
  });
});
