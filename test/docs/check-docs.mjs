// Fails when a link in the documents leads nowhere, when code in them does not compile or parse, when a command line names
// what is not there, or when the API reference does not build without warnings. Needs a build.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { faultsOfInline, faultsOfShell } from './command-lines.mjs';

const root = resolve(import.meta.dirname, '../..');
const listed = (...patterns) =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(root, file)));
const documents = listed('*.md').map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
const problems = [];

/** Anchor of a heading as GitHub makes it. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[`*]/g, '')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const withoutBlocks = (text) => text.replace(/```[\s\S]*?```/g, '');
const withoutCode = (text) => withoutBlocks(text).replace(/`[^`\n]*`/g, '');
const anchorsOf = (text) =>
  new Set([...withoutBlocks(text).matchAll(/^#{1,6}\s+(.*)$/gm)].map((match) => anchorOf(match[1])));
const linksOf = (text) =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)]
    .map((match) => match[1])
    .filter((target) => !/^(https?|mailto):/.test(target));

for (const { file, text } of documents) {
  for (const target of linksOf(text)) {
    const [path, anchor] = target.split('#');
    const at = path === '' ? join(root, file) : resolve(root, dirname(file), decodeURIComponent(path));
    if (!existsSync(at)) problems.push(`${file}: link to ${target}, which is not there`);
    else if (anchor !== undefined && at.endsWith('.md') && !anchorsOf(readFileSync(at, 'utf8')).has(anchor)) {
      problems.push(`${file}: link to ${target}, but there is no such heading`);
    }
  }
}

// A page that nothing links to is not read.
const linked = new Set(
  documents.flatMap(({ file, text }) => linksOf(text).map((to) => join(dirname(file), to.split('#')[0]))),
);
for (const { file } of documents) {
  if (
    /^(docs|samples)\//.test(file) &&
    !linked.has(file) &&
    !linked.has(`${dirname(file)}/`) &&
    !linked.has(dirname(file))
  ) {
    problems.push(`${file}: no document links to it`);
  }
}

// Examples see the package by its name, as a reader's program would. The samples are checked with them.
const examples = join(root, 'out', 'docs-examples');
rmSync(examples, { recursive: true, force: true });
mkdirSync(examples, { recursive: true });
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('no python3 here: the Python in the documents is not parsed');
let count = 0;
const parsers = {
  ts: (code, file) => writeFileSync(join(examples, `${file.replace(/\W/g, '-')}-${count}.ts`), `${code}\nexport {};\n`),
  js(code) {
    const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true, fileName: 'example.mjs' });
    for (const { messageText } of diagnostics ?? []) throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '));
  },
  json: (code) => void JSON.parse(code),
  yaml(code) {
    for (const { errors } of parseAllDocuments(code)) if (errors[0]) throw errors[0];
  },
  python(code) {
    if (!hasPython) return;
    const parse = ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'];
    const { status, stderr } = spawnSync('python3', parse, { input: code, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1));
  },
  sh(code) {
    const faults = faultsOfShell(code);
    if (faults.length > 0) throw new Error(faults.join('; '));
  },
};
parsers.console = parsers.sh;
for (const { file, text } of documents) {
  for (const [, language, code] of text.matchAll(/^[ \t]*```(\w+)[^\n]*\n([\s\S]*?)```/gm)) {
    const parse = parsers[language];
    if (!parse) continue;
    count++;
    try {
      parse(code, file);
    } catch (error) {
      problems.push(`${file}: a block of ${language}: ${error.message}\n${code.slice(0, 200)}`);
    }
  }
  for (const [, code] of withoutBlocks(text).matchAll(/`([^`\n]+)`/g)) {
    for (const fault of faultsOfInline(code)) problems.push(`${file}: \`${code}\`: ${fault}`);
  }
}

const samples = listed('samples/*.mjs', 'samples/clients/*.mjs');
writeFileSync(
  join(examples, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.json',
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      rootDir: '../..',
      allowJs: true,
      checkJs: true,
    },
    include: ['./*.ts', ...samples.map((file) => `../../${file}`)],
    exclude: [],
  }),
);
const runs = [
  ['examples and samples that do not compile', ['tsc', '-p', join(examples, 'tsconfig.json')]],
  ['the API reference has faults', ['typedoc', '--logLevel', 'Warn']],
];
for (const [fault, command] of runs) {
  const { status, stdout, stderr } = spawnSync('npx', ['--no-install', ...command], { cwd: root, encoding: 'utf8' });
  if (status !== 0) problems.push(`${fault}:\n${stdout}${stderr}`);
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(
  `${documents.length} documents, ${count} examples, ${samples.length} samples and the API reference checked`,
);
