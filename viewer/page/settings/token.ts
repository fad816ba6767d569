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

/** Asks for a token, saying why, and begins anew with the one that is typed in. */
export function askForToken(sheet: HTMLDialogElement, why: string): void {
  sheet.querySelector('.why')!.textContent = why;
  if (sheet.open) return;
  const field = sheet.querySelector('input')!;
  sheet.querySelector('form')!.onsubmit = (event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (token === '') return;
    sessionStorage.setItem(KEY, token);
    location.reload();
  };
  // There is nothing behind it to go back to.
  sheet.oncancel = (event) => event.preventDefault();
  sheet.showModal();
}
