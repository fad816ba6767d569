/** What a server says when it is asked for its streams; `undefined` for one that does not answer. */
export type StreamList =
  | { readonly names: readonly string[] }
  /** It wants a token, or another one: its sentence. */
  | { readonly refusal: string }
  | undefined;

/** Names of the streams that a server has, from its `/healthz`. */
export async function streamList(base: URL, token: string | undefined): Promise<StreamList> {
  try {
    const response = await fetch(new URL('healthz', base), {
      cache: 'no-store',
      signal: AbortSignal.timeout(5000),
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    });
    if ([401, 403, 429].includes(response.status)) return { refusal: await sentenceOf(response) };
    const { streams } = (await response.json()) as { readonly streams: readonly { readonly name: string }[] };
    return { names: streams.map(({ name }) => name) };
  } catch {
    return undefined;
  }
}

async function sentenceOf(response: Response): Promise<string> {
  const sentence = (await response.text()).trim().slice(0, 200);
  const wait = Number(response.headers.get('Retry-After'));
  return wait > 0 ? `${sentence} Try again in ${Math.ceil(wait)} s.` : sentence;
}
