import { describe, expect, it } from 'vitest';
import { DepthcastError } from '../../../frames/index.ts';
import { CameraNews } from '../../../pipeline/live/camera-news.ts';
import type { CameraState, CameraStatus } from '../../../pipeline/sources/frame-source.ts';
import { ScriptedCamera } from './scripted-camera.ts';

const refused = new DepthcastError('source-unreachable', 'The camera refused the connection.', { advice: 'Look.' });
const closed = new DepthcastError('source-lost', 'The camera closed the stream.', { advice: 'Look.' });

function news() {
  const said: [level: string, sentence: string][] = [];
  const level = (name: string) => (_: object, sentence: string) => void said.push([name, sentence]);
  let now = 0;
  const told = new CameraNews('gate', { debug: level('debug'), info: level('info'), warn: level('warn') }, () => now);
  const tell = (state: CameraState, fault?: DepthcastError, nextTryInMs?: number): void => {
    const status: CameraStatus = { ...new ScriptedCamera().status(), state, fault, nextTryInMs };
    told.tell(status);
  };
  return {
    tell,
    pass: (ms: number) => {
      now += ms;
    },
    spoken: () => said.splice(0).filter(([name]) => name !== 'debug'),
  };
}

describe('the news of a camera', () => {
  it('are one line for a fault however often it is tried again, another after 10 s, and one that it is back', () => {
    const { tell, pass, spoken } = news();
    tell('live');
    tell('waiting', closed, 300);
    tell('connecting', closed);
    expect(spoken()).toEqual([
      ['info', 'gate: live'],
      ['warn', 'gate: The camera closed the stream; next try in 0.3 s'],
    ]);
    for (let tried = 0; tried < 30; tried++) {
      pass(500);
      tell('waiting', refused, 500);
      tell('connecting', refused);
    }
    const line = ['warn', 'gate: The camera refused the connection; next try in 0.5 s'];
    expect(spoken()).toEqual([line, line]);
    tell('live');
    tell('waiting', refused, 500);
    expect(spoken()).toEqual([['info', 'gate: live'], line]);
  });

  it('are one line for each fault that differs from the one before', () => {
    const { tell, spoken } = news();
    for (const fault of [closed, refused, closed]) tell('waiting', fault);
    expect(spoken().map(([, sentence]) => sentence)).toEqual([
      'gate: The camera closed the stream',
      'gate: The camera refused the connection',
      'gate: The camera closed the stream',
    ]);
  });
});
