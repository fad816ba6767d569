import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

/** Takes the icon font out of lil-gui's style sheet: it is a data: address, which the page's content policy keeps out. */
const withoutFonts: Plugin = {
  name: 'without-fonts',
  enforce: 'pre',
  transform: (code, id) => (id.includes('lil-gui.css') ? code.replace(/@font-face\s*\{[^}]*\}/g, '') : undefined),
};

/** Builds the viewer page; the server hands it out from dist/viewer-page. */
export default defineConfig({
  root: 'viewer',
  // Relative addresses let the page live under any path of a reverse proxy.
  base: './',
  plugins: [withoutFonts],
  resolve: {
    // The package does not export its style sheet.
    alias: { 'lil-gui.css': fileURLToPath(new URL('lil-gui.css', import.meta.resolve('lil-gui'))) },
  },
  worker: { format: 'es' },
  build: {
    outDir: '../dist/viewer-page',
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: false,
    // The page's content policy allows no data: addresses and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The 3-D view is most of the page and is fetched when it is wanted.
    chunkSizeWarningLimit: 700,
  },
});
