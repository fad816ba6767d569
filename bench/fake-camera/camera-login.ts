import { createHash, randomBytes } from 'node:crypto';

/** How a fake camera asks for a login: Basic (RFC 7617), Digest with MD5 (RFC 2617), or with SHA-256 and qop (RFC 7616). */
export type LoginKind = 'basic' | 'digest' | 'digest-sha256-qop';

/** What a request's login was worth: none was given, it was wrong, or it lets the request in. */
export type Verdict = 'none' | 'wrong' | 'right';

/** The login of one connection to a fake camera. */
export class CameraLogin {
  readonly #nonce = randomBytes(8).toString('hex');
  readonly #wanted: { readonly user: string; readonly password: string } | undefined;
  readonly #kind: LoginKind;

  /** Without `wanted` everybody comes in. */
  constructor(wanted: { readonly user: string; readonly password: string } | undefined, kind: LoginKind) {
    this.#wanted = wanted;
    this.#kind = kind;
  }

  /** The value of `WWW-Authenticate`. */
  challenge(): string {
    if (this.#kind === 'basic') return 'Basic realm="camera"';
    const more = this.#kind === 'digest-sha256-qop' ? ', algorithm=SHA-256, qop="auth", opaque="o"' : '';
    return `Digest realm="camera", nonce="${this.#nonce}"${more}`;
  }

  /** Looks at the `Authorization` of a whole request. */
  judge(method: string, request: string): Verdict {
    if (!this.#wanted) return 'right';
    const { user, password } = this.#wanted;
    const basic = /^Authorization: *Basic (.*)$/im.exec(request)?.[1];
    const given = /^Authorization: *Digest (.*)$/im.exec(request)?.[1];
    if (basic === undefined && given === undefined) return 'none';
    if (this.#kind === 'basic') {
      return basic === Buffer.from(`${user}:${password}`).toString('base64') ? 'right' : 'wrong';
    }
    const field = (name: string): string => new RegExp(`\\b${name}="?([^",]*)"?`).exec(given ?? '')?.[1] ?? '';
    const sha = this.#kind === 'digest-sha256-qop';
    const hash = (text: string): string =>
      createHash(sha ? 'sha256' : 'md5')
        .update(text)
        .digest('hex');
    const extra = sha ? `:${field('nc')}:${field('cnonce')}:auth` : '';
    const secret = hash(`${user}:camera:${password}`);
    const wanted = hash(`${secret}:${this.#nonce}${extra}:${hash(`${method}:${field('uri')}`)}`);
    return field('username') === user && field('response') === wanted ? 'right' : 'wrong';
  }
}
