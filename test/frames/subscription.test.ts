import { describe, expect, it } from 'vitest';
import { DepthcastError, parseClientMessage, parseServerMessage, subscribeText } from '../../frames/index.ts';
import { randomNumbers } from './random-numbers.ts';

describe('a subscription', () => {
  it('comes back as it was sent, and asks for everything where it says nothing', () => {
    const wish = { streams: ['a', 'b'], picture: false, depth: true, size: 'quarter', maxFps: 7.5 } as const;
    expect(parseClientMessage(subscribeText(wish))).toEqual(wish);
    expect(parseClientMessage('{"op":"subscribe"}')).toEqual({
      streams: undefined,
      picture: true,
      depth: true,
      size: 'full',
      maxFps: undefined,
    });
    expect(parseClientMessage(subscribeText({ streams: '*' })).streams).toBe('*');
  });

  it.each([
    ['nothing', '', /not a JSON object/],
    ['half of it', '{"op":"subscribe"', /not a JSON object/],
    ['a list', '[]', /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['no op', '{}', /op is not/],
    ['another op', '{"op":"unsubscribe"}', /op is not/],
    ['a key nobody knows', '{"op":"subscribe","maxfps":3}', /unknown key 'maxfps'/],
    ['a prototype', '{"op":"subscribe","__proto__":{"picture":false}}', /unknown key '__proto__'/],
    ['a word for true', '{"op":"subscribe","picture":"yes"}', /'picture' is not/],
    ['a number for true', '{"op":"subscribe","depth":1}', /'depth' is not/],
    ['a size nobody knows', '{"op":"subscribe","size":"tiny"}', /'size' is not one of full, half, quarter/],
    ['a size of the prototype', '{"op":"subscribe","size":"length"}', /'size'/],
    ['no frames at all', '{"op":"subscribe","maxFps":0}', /'maxFps'/],
    ['less than none', '{"op":"subscribe","maxFps":-1}', /'maxFps'/],
    ['a flood', '{"op":"subscribe","maxFps":1e9}', /'maxFps'/],
    ['infinity', '{"op":"subscribe","maxFps":1e999}', /'maxFps'/],
    ['null frames', '{"op":"subscribe","maxFps":null}', /'maxFps'/],
    ['one name for a list', '{"op":"subscribe","streams":"a"}', /'streams'/],
    ['numbers for names', '{"op":"subscribe","streams":[1]}', /'streams'/],
    ['an empty name', '{"op":"subscribe","streams":[""]}', /'streams'/],
    ['a thousand names', JSON.stringify({ op: 'subscribe', streams: Array(1000).fill('a') }), /'streams'/],
  ])('is refused for %s', (_, text, message) => {
    expect(() => parseClientMessage(text)).toThrow(message);
    expect(() => parseClientMessage(text)).toThrow(DepthcastError);
  });

  it('fails in no other way, whatever the text is', () => {
    const random = randomNumbers(11);
    const good = subscribeText({ streams: ['a'], picture: true, depth: false, size: 'half', maxFps: 3 });
    for (let round = 0; round < 3000; round++) {
      const at = Math.floor(random() * good.length);
      const text = good.slice(0, at) + String.fromCharCode(random() * 256) + good.slice(at + (round % 3));
      try {
        parseClientMessage(text);
      } catch (error) {
        expect(error).toBeInstanceOf(DepthcastError);
      }
    }
  });
});

describe('what a server says', () => {
  it('is read, faults included', () => {
    const streams = [{ name: 'a', state: 'stalled', fault: { code: 'source-lost', message: 'It is gone.' } }];
    expect(parseServerMessage(JSON.stringify({ op: 'streams', streams }))).toEqual({ op: 'streams', streams });
    expect(parseServerMessage('{"op":"error","message":"No."}')).toEqual({ op: 'error', message: 'No.' });
  });

  it('is ignored where this version does not know it', () => {
    for (const text of ['', '{', '7', '{"op":"weather"}', '{"op":"streams"}', '{"op":"error"}']) {
      expect(parseServerMessage(text)).toBeUndefined();
    }
    const odd = '{"op":"streams","streams":[null,7,{"name":"a"},{"name":"b","state":"live","fault":7,"mood":"fine"}]}';
    expect(parseServerMessage(odd)).toEqual({ op: 'streams', streams: [{ name: 'b', state: 'live' }] });
  });
});
