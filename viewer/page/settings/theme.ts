import type { Settings } from './settings.ts';

const LIGHT = matchMedia('(prefers-color-scheme: light)');

/** Puts the page into the chosen looks; `auto` follows the system. */
export function applyTheme(theme: Settings['theme']): void {
  const isLight = theme === 'light' || (theme === 'auto' && LIGHT.matches);
  document.documentElement.dataset['theme'] = isLight ? 'light' : 'dark';
}

/** Calls back when the system changes its looks. */
export function onSystemTheme(listener: () => void): void {
  LIGHT.addEventListener('change', listener);
}
