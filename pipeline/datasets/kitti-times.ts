import { type DatasetText, readDatasetText } from './dataset-text.ts';

/**
 * Reads times of frames in seconds, strictly growing: KITTI odometry's `times.txt` (seconds, a number a line) or KITTI
 * raw's `timestamps.txt` (`2011-09-26 13:08:45.670521516`, nanoseconds; counted from the first line, which is 0).
 * Throws `timestamps-invalid` naming file and line.
 */
export async function readKittiTimes(file: string): Promise<number[]> {
  return timesOf(await readDatasetText(file, 'timestamps-invalid'));
}

function timesOf(source: DatasetText): number[] {
  if (source.lines.length === 0) throw source.fault(0, 'holds no times');
  const dated = source.lines[0]!.trim().includes(':');
  const nanoseconds = dated ? source.lines.map((line, i) => date(source, i + 1, line.trim())) : [];
  const times = dated
    ? nanoseconds.map((value) => Number(value - nanoseconds[0]!) / 1e9)
    : source.lines.map((line, i) => seconds(source, i + 1, line.trim()));
  for (let i = 1; i < times.length; i++) {
    if (times[i]! <= times[i - 1]!) throw source.fault(i + 1, 'is not later than the line before it');
  }
  return times;
}

function seconds(source: DatasetText, line: number, text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value))
    throw source.fault(line, `has "${text.slice(0, 30)}", not a time in seconds`);
  return value;
}

function date(source: DatasetText, line: number, text: string): bigint {
  const match = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/.exec(text);
  if (!match) throw source.fault(line, `has "${text.slice(0, 30)}", not a date and time`);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(milliseconds);
  // Date.UTC turns the 31st of February into March and 25 o'clock into the next day.
  const kept = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && back.getUTCHours() === hour;
  if (!kept || minute > 59 || second > 59) throw source.fault(line, `has "${text}", which is no date`);
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'));
}
