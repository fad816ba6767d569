import { createHash, randomBytes } from 'node:crypto';

/** User and password of a camera, decoded. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The login of a URL; `undefined` where it has none. */
export function loginOf(url: URL): Login | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return { user: decoded(url.username), password: decoded(url.password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'digest';
      readonly hash: 'md5' | 'sha256';
      readonly fields: ReadonlyMap<string, string>;
    };

/**
 * Answers the challenges of one server: Basic (RFC 7617) and Digest with MD5 or SHA-256, with and without `qop=auth`
 * (RFC 2069, 2617, 7616). Of several the strongest is taken.
 */
export class LoginAnswers {
  readonly #login: Login;
  #challenge: Challenge | undefined;
  #count = 0;

  constructor(login: Login) {
    this.#login = login;
  }

  /** Takes the values of `WWW-Authenticate`; false where none of them can be answered. */
  challenge(headers: readonly string[]): boolean {
    const found = headers.flatMap((header) => challengesIn(header));
    const digests = found.filter((each) => each.scheme === 'digest');
    this.#challenge =
      digests.find((each) => each.hash === 'sha256') ?? digests[0] ?? found.find((each) => each.scheme === 'basic');
    this.#count = 0;
    return this.#challenge !== undefined;
  }

  /** Value of `Authorization` for a request; `undefined` before the first challenge. */
  authorization(method: string, uri: string): string | undefined {
    const challenge = this.#challenge;
    if (!challenge) return undefined;
    const { user, password } = this.#login;
    if (challenge.scheme === 'basic') return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const { fields, hash } = challenge;
    const digest = (text: string): string => createHash(hash).update(text).digest('hex');
    const realm = fields.get('realm') ?? '';
    const nonce = fields.get('nonce') ?? '';
    const secret = digest(`${user}:${realm}:${password}`);
    const request = digest(`${method}:${uri}`);
    const parts = [`username="${quoted(user)}"`, `realm="${realm}"`, `nonce="${nonce}"`, `uri="${uri}"`];
    if (
      fields
        .get('qop')
        ?.split(/\s*,\s*/)
        .includes('auth')
    ) {
      const count = (++this.#count).toString(16).padStart(8, '0');
      const own = randomBytes(8).toString('hex');
      parts.push(`response="${digest(`${secret}:${nonce}:${count}:${own}:auth:${request}`)}"`);
      parts.push('qop=auth', `nc=${count}`, `cnonce="${own}"`);
    } else {
      parts.push(`response="${digest(`${secret}:${nonce}:${request}`)}"`);
    }
    if (fields.has('algorithm')) parts.push(`algorithm=${fields.get('algorithm')}`);
    const opaque = fields.get('opaque');
    if (opaque !== undefined) parts.push(`opaque="${opaque}"`);
    return `Digest ${parts.join(', ')}`;
  }
}

/** One header may hold several challenges: a word that is followed by no `=` begins the next. */
function challengesIn(header: string): Challenge[] {
  const found: Challenge[] = [];
  for (const [, scheme = '', rest = ''] of header.matchAll(
    /\b(Basic|Digest)\b((?:\s*,?\s*[\w-]+\s*=\s*(?:"(?:\\.|[^"\\])*"|[^\s",]+))*)/gi,
  )) {
    if (scheme.toLowerCase() === 'basic') {
      found.push({ scheme: 'basic' });
      continue;
    }
    const fields = new Map<string, string>();
    for (const [, name = '', quotedText, plain] of rest.matchAll(
      /([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s",]+))/g,
    )) {
      fields.set(name.toLowerCase(), quotedText ?? plain ?? '');
    }
    const algorithm = (fields.get('algorithm') ?? 'MD5').toUpperCase();
    if (algorithm === 'MD5') found.push({ scheme: 'digest', hash: 'md5', fields });
    else if (algorithm === 'SHA-256') found.push({ scheme: 'digest', hash: 'sha256', fields });
  }
  return found;
}

function quoted(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}
