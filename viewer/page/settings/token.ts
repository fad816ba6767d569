const KEY = 'depthcast.token';

/**
 * The token that the page was opened with (`?token=…`), kept for this tab and taken out of the address, so that it does
 * not end in a bookmark, a screenshot or the history. `undefined` where none was ever given.
 */
export function takeToken(): string | undefined {
  const address = new URL(location.href);
  const given = address.searchParams.get('token');
  if (given === null) return kept();
  keep(given);
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
    if (keep(token)) return location.reload();
    // A browser that keeps nothing takes it by the address, from where it is taken out again.
    const address = new URL(location.href);
    address.searchParams.set('token', token);
    location.replace(address);
  };
  // There is nothing behind it to go back to.
  sheet.oncancel = (event) => event.preventDefault();
  sheet.showModal();
}

// A browser may forbid storage, and says so by throwing.
function kept(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(token: string): boolean {
  try {
    sessionStorage.setItem(KEY, token);
    return true;
  } catch {
    return false;
  }
}
