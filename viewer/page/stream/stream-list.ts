/** Names of the streams that a server has, from its `/healthz`; `undefined` when it does not answer. */
export async function streamNames(base: URL, token: string | undefined): Promise<readonly string[] | undefined> {
  try {
    const response = await fetch(new URL('healthz', base), {
      cache: 'no-store',
      signal: AbortSignal.timeout(5000),
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    });
    const { streams } = (await response.json()) as { readonly streams: readonly { readonly name: string }[] };
    return streams.map(({ name }) => name);
  } catch {
    return undefined;
  }
}
