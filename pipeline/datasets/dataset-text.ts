import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError, type ErrorCode } from '../../frames/index.ts';

/** Lines of a small text file, with the means to point at one of them. */
export interface DatasetText {
  readonly file: string;
  /** Line ends of any system are taken off; empty lines at the end as well. */
  readonly lines: readonly string[];
  /** An error about line `line`, counted from 1; 0 means the whole file. */
  fault(line: number, what: string): DepthcastError;
}

/** Longest dataset text file in bytes; the longest of KITTI's has about 1 MB. */
const LONGEST = 64 << 20;

/** Reads a text file of a data set; a missing one is an error with the same code as a wrong one. */
export async function readDatasetText(file: string, code: ErrorCode): Promise<DatasetText> {
  let text: string;
  try {
    const bytes = await readFile(file);
    if (bytes.length > LONGEST) throw new Error('it is too large');
    text = bytes.toString('utf8');
  } catch (cause) {
    throw new DepthcastError(code, `"${path.basename(file)}" could not be read.`, {
      advice: `Check that ${file} exists and may be read.`,
      facts: { file },
      cause,
    });
  }
  return datasetText(text, file, code);
}

/** The same for a text at hand; `file` is only what errors call it. */
export function datasetText(text: string, file: string, code: ErrorCode): DatasetText {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
  return {
    file,
    lines,
    fault(line, what) {
      const where = line > 0 ? `Line ${line} of "${path.basename(file)}"` : `"${path.basename(file)}"`;
      return new DepthcastError(code, `${where} ${what}.`, {
        advice: `Correct ${file} or take it from the data set again.`,
        facts: { file, line },
      });
    },
  };
}

/**
 * The numbers of one line, separated by blanks. Throws the text's fault where there are not exactly `count` of them or
 * one is not a finite number.
 */
export function numbersOf(source: DatasetText, line: number, text: string, count: number): number[] {
  const words = text.trim() === '' ? [] : text.trim().split(/\s+/);
  if (words.length !== count) throw source.fault(line, `has ${words.length} numbers, not ${count}`);
  return words.map((word) => {
    const value = Number(word);
    if (!Number.isFinite(value)) throw source.fault(line, `has "${word.slice(0, 20)}" where a number belongs`);
    return value;
  });
}
