import { defineConfig } from 'vite';

/** Builds the viewer page; the server hands it out from dist/viewer-page. */
export default defineConfig({
  root: 'viewer',
  // Relative addresses let the page live under any path of a reverse proxy.
  base: './',
  build: {
    outDir: '../dist/viewer-page',
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: false,
    // The page's content policy allows no data: addresses and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
