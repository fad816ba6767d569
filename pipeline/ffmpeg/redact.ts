/** Names behind which a secret or an account stands, in queries and in paths. */
const NAMES =
  'user|username|usr|login|pass|passwd|password|passphrase|pwd|token|secret|key|apikey|api_key|auth|sig|signature|streamkey|streamid';

/** The same for what is hidden wherever else it stands; shorter values would take ordinary text with them. */
const PASSWORDS =
  /(?<=^|[^a-z]|%[0-9a-f]{2})(?:pass|passwd|password|passphrase|pwd|token|secret|apikey|streamkey)(?:=|%3d)([^&/\s'"]{4,})/gi;

/**
 * The same text with credentials taken out: user and password of every URL, the values of parameters of queries and
 * paths that look like a secret (`/user=admin&password=…`), and every text of `secrets` itself.
 *
 * ffmpeg prints the whole URL of a camera in its errors, so every line of its stderr goes through here before it is
 * kept. It rather hides too much than too little: a password may itself hold `@`, blanks and quotes where somebody wrote
 * them as they are, so everything from `://` to the last `@` goes, unless another URL begins before it.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let out = text;
  for (const secret of secrets) if (secret !== '') out = out.replaceAll(secret, '***');
  return out
    .replace(/([a-z][a-z0-9+.-]*:\/\/)(?:(?![a-z][a-z0-9+.-]*:\/\/)[^\r\n])*@/gi, '$1***@')
    .replace(new RegExp(`(?<=^|[^a-z]|%[0-9a-f]{2})(${NAMES})(=|%3d)[^&\\s'"]+`, 'gi'), '$1$2***');
}

/**
 * The address of a camera as it may be shown: scheme, host, port and path, without login and query; in the path what
 * looks like a login is taken out, as some cameras want it there.
 */
export function shownAddress(url: URL): string {
  return redact(`${url.protocol}//${url.host}${url.pathname}`);
}

/**
 * What of a URL must never be printed: its password, and those that stand as parameters in its path or query; as written
 * and decoded.
 */
export function secretsOf(url: URL): string[] {
  const secrets = url.password === '' ? [] : [url.password];
  for (const [, value] of `${url.pathname}${url.search}`.matchAll(PASSWORDS)) secrets.push(value!);
  for (const secret of [...secrets]) {
    try {
      secrets.push(decodeURIComponent(secret));
    } catch {
      // Not percent-encoded after all: the text as written is all there is.
    }
  }
  return [...new Set(secrets)].sort((a, b) => b.length - a.length);
}
