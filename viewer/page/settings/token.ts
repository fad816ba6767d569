const KEY = 'depthcast.token';

/**
 * The token that the page was opened with (`?token=…`), kept for this tab and taken out of the address, so that it does
 * not end in a bookmark, a screenshot or the history. `undefined` where none was ever given.
 */
export function takeToken(): string | undefined {
  const address = new URL(location.href);
  const given = address.searchParams.get('token');
  if (given === null) return sessionStorage.getItem(KEY) ?? undefined;
  sessionStorage.setItem(KEY, given);
  address.searchParams.delete('token');
  history.replaceState(null, '', address);
  return given;
}
