import { describe, expect, it } from 'vitest';
import { redact, secretsOf } from '../../../pipeline/ffmpeg/redact.ts';

describe('redact', () => {
  it('takes user and password out of URLs', () => {
    const line = "Input #0, rtsp, from 'rtsp://cam:pw@192.168.1.2:554/x': and rtsp://me.too@mail:a@b/c@d:e@host/y";
    expect(redact(line)).toBe("Input #0, rtsp, from 'rtsp://***@192.168.1.2:554/x': and rtsp://***@host/y");
  });

  it('takes secrets out of queries', () => {
    expect(redact('http://h/video?user=joe&password=x%20y&size=1')).toBe('http://h/video?user=***&password=***&size=1');
  });

  it('takes a known secret out wherever it stands', () => {
    const secrets = secretsOf(new URL('rtsp://u:p%40ss@h/'));
    expect(redact('it said p@ss and p%40ss', secrets)).toBe('it said *** and ***');
  });

  it('leaves other text alone', () => {
    const line = 'frame= 51 a@b.c file:/home/x/y.mp4: Invalid data found when processing input';
    expect(redact(line)).toBe(line);
  });
});
