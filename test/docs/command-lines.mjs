// Command lines in the documents against the commands there are.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = new URL('../../', import.meta.url).pathname;

/** Every command of the built command line by its words, e.g. `models pull`, with the options it knows. */
async function commandsByName() {
  const known = new Map();
  const add = (words, command) => {
    const options = command.options.flatMap(({ long, short }) => [long, short].filter(Boolean));
    known.set(words, new Set([...options, '--help', '-h']));
    for (const below of command.commands) add(`${words} ${below.name()}`, below);
  };
  const files = {
    run: 'run',
    serve: 'serve-command',
    evaluate: 'evaluate',
    models: 'models',
    bench: 'bench',
    probe: 'probe',
  };
  for (const [name, file] of Object.entries(files)) {
    const path = join(root, 'dist/cli', `${file}.js`);
    if (!existsSync(path)) throw new Error('The command line is not built: npm run build comes first.');
    const room = await import(pathToFileURL(path).href);
    add(
      name,
      room[`${name}Command`](() => {}),
    );
  }
  known.set('', new Set(['--help', '-h', '--version', '-V']));
  return known;
}

const known = await commandsByName();
const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

/** What is wrong with the words behind `depthcast`, as sentences. */
function faultsOfCall(words) {
  const [first = '', second = ''] = words;
  const name = known.has(`${first} ${second}`) ? `${first} ${second}` : first.startsWith('-') ? '' : first;
  // `COMMAND` and the like stand for any of them.
  if (/^[A-Z]+$/.test(name)) return [];
  const options = known.get(name);
  if (!options) return [`there is no command "${name}"`];
  return words
    .filter((word) => /^--[a-z]|^-[a-zA-Z]$/.test(word))
    .map((word) => word.split('=')[0])
    .filter((word) => !options.has(word) && word !== '--')
    .map((word) => `depthcast ${name} has no option ${word}`);
}

/** Words of a line of shell; quotes are taken off, comments and everything behind a pipe are left out. */
function wordsOf(line) {
  const words = line.match(/'[^']*'|"[^"]*"|#.*$|\||&&|;|[^\s|;]+/g) ?? [];
  const end = words.findIndex((word) => /^(#.*|\||&&|;)$/.test(word));
  return (end < 0 ? words : words.slice(0, end)).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
}

/** Faults in a block of shell. */
export function faultsOfShell(code) {
  const faults = [];
  const lines = code.replace(/\\\n\s*/g, ' ').split('\n');
  for (const piece of lines.flatMap((line) => line.replace(/^\s*\$ /, '').split(/\s(?:&&|\|)\s/))) {
    const [, call] = /^\s*(?:sudo |npx |[A-Z_]+=\S+ )*depthcast(?: (.*))?$/.exec(piece) ?? [];
    if (call !== undefined) faults.push(...faultsOfCall(wordsOf(call)));
    const [, script] = /^\s*npm run (?:-s )?([\w:-]+)/.exec(piece) ?? [];
    if (script !== undefined && !(script in scripts)) faults.push(`there is no npm script "${script}"`);
    const [, program] = /^\s*node ((?:samples|test|docs|bin)\/\S+)/.exec(piece) ?? [];
    if (program !== undefined && !existsSync(join(root, program))) faults.push(`there is no program ${program}`);
  }
  return faults;
}

// A check that finds nothing wrong with these would find nothing at all.
for (const wrong of [
  '$ depthcast run x --nope',
  'npx depthcast fly',
  'A=b npm ci && npm run no',
  'node samples/no.mjs',
]) {
  if (faultsOfShell(wrong).length === 0) throw new Error(`The check of command lines is blind for: ${wrong}`);
}

/** Faults in a piece of code inside a sentence that begins like a command line, e.g. `serve --record DIR`. */
export function faultsOfInline(code) {
  const call = code.replace(/^(npx )?depthcast /, '');
  const words = wordsOf(call);
  if (!known.has(words[0] ?? '') || words.length < 2) return [];
  return faultsOfCall(words);
}
