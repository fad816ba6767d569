/**
 * Compiled file of an entry of this room, for a thread or process of its own: beside this file when it is compiled
 * itself, in `dist/` when this file runs from source (tests), since Node 20 runs no TypeScript.
 */
export function threadEntry(name: 'inference-worker' | 'probation-process'): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(fromSource ? `../dist/models/${name}.js` : `./${name}.js`, import.meta.url);
}
