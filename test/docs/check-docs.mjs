// Fails when a link in the documents leads nowhere or a TypeScript example in them does not compile.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const documents = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const problems = [];

/** Anchor of a heading as GitHub makes it. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[`*]/g, '')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const withoutCode = (text) => text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
const anchorsOf = (text) =>
  new Set([...text.replace(/```[\s\S]*?```/g, '').matchAll(/^#{1,6}\s+(.*)$/gm)].map((match) => anchorOf(match[1])));

for (const document of documents) {
  const text = readFileSync(join(root, document), 'utf8');
  for (const [, target] of withoutCode(text).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)) {
    if (/^(https?|mailto):/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const file = path === '' ? join(root, document) : resolve(root, dirname(document), decodeURIComponent(path));
    if (!existsSync(file)) problems.push(`${document}: link to ${target}, which is not there`);
    else if (anchor !== undefined && file.endsWith('.md') && !anchorsOf(readFileSync(file, 'utf8')).has(anchor)) {
      problems.push(`${document}: link to ${target}, but there is no such heading`);
    }
  }
}

// Examples see the package by its name, as a reader's program would.
const examples = join(root, 'out', 'docs-examples');
rmSync(examples, { recursive: true, force: true });
mkdirSync(examples, { recursive: true });
let count = 0;
for (const document of documents) {
  const text = readFileSync(join(root, document), 'utf8');
  for (const [, code] of text.matchAll(/```ts\n([\s\S]*?)```/g)) {
    const name = `${document.replace(/[^\w]/g, '-')}-${++count}.ts`;
    writeFileSync(join(examples, name), `${code}\nexport {};\n`);
  }
}
writeFileSync(
  join(examples, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.json',
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, rootDir: '../..' },
    include: ['./*.ts'],
    exclude: [],
  }),
);
if (count > 0) {
  try {
    execFileSync('npx', ['tsc', '-p', join(examples, 'tsconfig.json')], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    problems.push(`examples that do not compile:\n${error.stdout}`);
  }
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`${documents.length} documents and ${count} examples checked`);
