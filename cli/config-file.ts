import { readFile, stat } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { DepthcastError } from '../frames/index.ts';

/** Bytes of a file of options; whatever is larger is something else. */
const LARGEST = 1_000_000;
/** Levels of lists and mappings inside each other. */
const DEEPEST = 8;
/** Keys that would reach into JavaScript's own objects. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The options in a YAML or JSON file. `${NAME}` in a text stands for the environment variable NAME; inside a URL it is
 * percent-encoded, so that a password may hold any character. `$${` stands for `${` itself.
 *
 * Throws `option-invalid` for a file that is missing, larger than a megabyte or no mapping, and, with the path of the
 * key, for a number that is none, a key that may not be one, and a variable that is not set.
 */
export async function readConfigFile(
  path: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Record<string, unknown>> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw invalid(`The file of --config, ${path}, does not exist.`, 'Check the path.');
  if (!found.isFile()) throw invalid(`The file of --config, ${path}, is no regular file.`, 'Give a YAML or JSON file.');
  if (found.size > LARGEST) {
    throw invalid(`The file of --config, ${path}, has ${found.size} bytes.`, 'Options fit into a megabyte.');
  }
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw invalid(`The file of --config, ${path}, cannot be read (${cause.code}).`, 'Check its permissions.');
  });
  const value = parsed(text, path);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`The file of --config, ${path}, holds no JSON object.`, 'Write options as {"maxFrames": 100}.');
  }
  return filled(value, environment, path, []) as Record<string, unknown>;
}

/**
 * A text with `${NAME}` replaced by the environment variable, percent-encoded where the text is a URL. Throws
 * `option-invalid` for one that is not set; `where` names the text in the message.
 */
export function withEnvironment(text: string, environment: NodeJS.ProcessEnv, where: string): string {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  return text.replace(/\$(\$\{)|\$\{([^}]*)\}/g, (_, escaped: string | undefined, name: string) => {
    if (escaped !== undefined) return escaped;
    const value = environment[name];
    if (value === undefined) {
      throw invalid(`${where} asks for the environment variable ${name}, which is not set.`, 'Set it, or write $${.');
    }
    return isUrl ? encodeURIComponent(value) : value;
  });
}

function parsed(text: string, path: string): unknown {
  // JSON is YAML, but its own parser says more clearly what is wrong with it, and takes tabs.
  const isJson = text.trimStart().startsWith('{');
  try {
    return isJson ? JSON.parse(text) : parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    const at = cause instanceof YAMLParseError && cause.linePos ? ` (line ${cause.linePos[0].line})` : '';
    throw invalid(
      `The file of --config, ${path}, is not valid ${isJson ? 'JSON' : 'YAML'}${at}.`,
      isJson ? 'Mend it; keys and strings stand in double quotes.' : 'Mend it; each key once, indented by blanks.',
    );
  }
}

function filled(value: unknown, environment: NodeJS.ProcessEnv, file: string, path: readonly string[]): unknown {
  const where = `"${path.join('.')}" in ${file}`;
  if (path.length > DEEPEST) throw invalid(`${where} is nested too deeply.`, 'Options have few levels.');
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(`${where} is no number.`, 'Give a number.');
  if (typeof value === 'string') return withEnvironment(value, environment, where);
  if (typeof value !== 'object' || value === null) return value;
  const below = (key: string, entry: unknown): unknown => filled(entry, environment, file, [...path, key]);
  if (Array.isArray(value)) return value.map((entry, at) => below(String(at), entry));
  const out: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (FORBIDDEN.has(key)) throw invalid(`"${[...path, key].join('.')}" in ${file} cannot be a key.`, 'Remove it.');
    out[key] = below(key, entry);
  }
  return out;
}

function invalid(message: string, advice: string): DepthcastError {
  return new DepthcastError('option-invalid', message, { advice });
}
