#!/usr/bin/env node
import { existsSync } from 'node:fs';

// From the very first: a reload may be asked for while modules load, and without a listener SIGHUP ends the process. The
// config is read after that, so there is nothing to remember of it.
const reloaded = /^--(config|token-file|tls-cert)(=|$)/;
if (process.argv[2] === 'serve' && process.argv.some((word) => reloaded.test(word))) process.on('SIGHUP', () => {});

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('depthcast is not built in this checkout. Run: npm run build\n');
  process.exitCode = 1;
}
