import { describe, expect, it } from 'vitest';
import { redact, secretsOf, shownAddress } from '../../../pipeline/ffmpeg/redact.ts';

describe('redact', () => {
  it('takes user and password out of URLs', () => {
    const line = "Input #0, rtsp, from 'rtsp://cam:pw@192.168.1.2:554/x': and rtsp://me.too@mail:a@b/c@d:e@host/y";
    expect(redact(line)).toBe("Input #0, rtsp, from 'rtsp://***@192.168.1.2:554/x': and rtsp://***@host/y");
  });

  it('takes secrets out of queries', () => {
    expect(redact('http://h/video?user=joe&password=x%20y&size=1')).toBe('http://h/video?user=***&password=***&size=1');
  });

  it.each([
    ['rtsp://cam:my pass@host/x', 'rtsp://***@host/x'],
    [`srt://cam:pa'ss@host:1/x`, 'srt://***@host:1/x'],
    ['no rtsp://cam:a"b c@host/x and rtsp://me:d e@other/y', 'no rtsp://***@host/x and rtsp://***@other/y'],
  ])('takes out a password that is not written as it should: %j', (text, hidden) => {
    expect(redact(text)).toBe(hidden);
  });

  it.each([
    ['rtsp://h/user=admin&password=geheim&channel=1.sdp', 'rtsp://h/user=***&password=***&channel=1.sdp'],
    ['rtsp://h/user=admin_password=geheim_channel=1.sdp', 'rtsp://h/user=***'],
    ['rtsp://h/x%2Fpassword%3Dgeheim', 'rtsp://h/x%2Fpassword%3D***'],
    ['http://h/a/monkey=1', 'http://h/a/monkey=1'],
  ])('takes a login out of the path: %s', (url, hidden) => {
    expect(redact(url)).toBe(hidden);
    expect(shownAddress(new URL(url))).toBe(hidden);
  });

  it('knows a password of the path wherever else it stands', () => {
    const url = new URL('rtsp://h/user=admin&password=ge%20heim&channel=1.sdp?token=abcdef&pwd=x');
    expect(redact('ge%20heim, ge heim, abcdef, x', secretsOf(url))).toBe('***, ***, ***, x');
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
