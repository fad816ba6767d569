import { type Settings, settingsFrom } from './settings.ts';

const KEY = 'depthcast.viewer';

/** The settings in force; listeners hear of every change, the browser keeps them for the next visit. */
export class SettingsStore {
  #settings: Settings;
  readonly #listeners: ((settings: Settings, changed: ReadonlySet<string>) => void)[] = [];

  constructor(overrides: Partial<Record<keyof Settings, unknown>> = {}) {
    this.#settings = settingsFrom({ ...read(), ...overrides });
  }

  get now(): Settings {
    return this.#settings;
  }

  set(change: Partial<Settings>): void {
    const next = settingsFrom({ ...this.#settings, ...change });
    const names = Object.keys(change) as (keyof Settings)[];
    const changed = new Set<string>(names.filter((name) => next[name] !== this.#settings[name]));
    if (changed.size === 0) return;
    this.#settings = next;
    write(next);
    for (const listener of this.#listeners) listener(next, changed);
  }

  onChange(listener: (settings: Settings, changed: ReadonlySet<string>) => void): void {
    this.#listeners.push(listener);
  }
}

// A browser may forbid storage; then every visit begins afresh.
function read(): Record<string, unknown> {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}

function write(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // As above.
  }
}
