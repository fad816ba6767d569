/**
 * The same text with credentials taken out: user and password of every URL, the values of query parameters that look
 * like a secret, and every text of `secrets` itself.
 *
 * ffmpeg prints the whole URL of a camera in its errors, so every line of its stderr goes through here before it is
 * kept. It rather hides too much than too little: a password may itself hold `@`, so everything up to the last `@` of
 * a word goes.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let out = text;
  for (const secret of secrets) if (secret !== '') out = out.replaceAll(secret, '***');
  return out
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s'"]*@/gi, '$1***@')
    .replace(/\b(user|username|pass|passwd|password|pwd|token|secret|key|auth)=[^&\s'"]+/gi, '$1=***');
}

/** What of a URL must never be printed: its password as written and decoded, and the user name where both are given. */
export function secretsOf(url: URL): string[] {
  if (url.password === '') return [];
  const secrets = [url.password];
  try {
    secrets.push(decodeURIComponent(url.password));
  } catch {
    // Not percent-encoded after all: the text as written is all there is.
  }
  return [...new Set(secrets)].sort((a, b) => b.length - a.length);
}
