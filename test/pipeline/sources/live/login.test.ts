import { describe, expect, it } from 'vitest';
import { LoginAnswers, loginOf } from '../../../../pipeline/sources/live/login.ts';

describe('the answer to a login', () => {
  it('is that of RFC 2617 for its own example, without qop', () => {
    const answers = new LoginAnswers({ user: 'Mufasa', password: 'Circle Of Life' });
    expect(answers.authorization('GET', '/')).toBeUndefined();
    const nonce = 'dcd98b7102dd2f0e8b11d0f600bfb0c093';
    expect(answers.challenge([`Digest realm="testrealm@host.com", nonce="${nonce}", opaque="5ccc"`])).toBe(true);
    const answer = answers.authorization('GET', '/dir/index.html')!;
    expect(answer).toContain('response="670fd8c2df070c60b045671b8b24ff02"');
    expect(answer).toContain('opaque="5ccc"');
  });

  it('takes SHA-256 before MD5 before Basic, whatever order they come in', () => {
    const answers = new LoginAnswers({ user: 'u', password: 'p' });
    answers.challenge(['Basic realm="a"', 'Digest realm="a", nonce="1"']);
    expect(answers.authorization('GET', '/')).toMatch(/^Digest .*nonce="1"/);
    answers.challenge(['Digest realm="a", nonce="2", qop="auth,auth-int", algorithm=SHA-256, Basic realm="b"']);
    expect(answers.authorization('GET', '/')).toMatch(/nonce="2".*qop=auth, nc=00000001, .*algorithm=SHA-256/);
    expect(answers.authorization('GET', '/')).toContain('nc=00000002');
    answers.challenge(['Basic realm="b"']);
    expect(answers.authorization('GET', '/')).toBe('Basic dTpw');
    expect(answers.challenge(['Negotiate'])).toBe(false);
  });

  it('decodes what the URL encodes', () => {
    expect(loginOf(new URL('rtsp://c%40m:p%40ss%3Aw%2Frd@h/'))).toEqual({ user: 'c@m', password: 'p@ss:w/rd' });
    expect(loginOf(new URL('rtsp://cam:50%25@h/'))).toEqual({ user: 'cam', password: '50%' });
    expect(loginOf(new URL('rtsp://h/'))).toBeUndefined();
  });
});
