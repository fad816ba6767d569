import { invalidOption } from './invalid-option.ts';

/** What a stream's name is made of, as the text of a regular expression: it stands in addresses, topics and file names. */
export const STREAM_NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';

const WHOLE = new RegExp(`^${STREAM_NAME}$`);

/** Throws `option-invalid` for a stream name that cannot stand in an address. */
export function checkStreamName(name: string): void {
  if (WHOLE.test(name)) return;
  throw invalidOption(
    `The stream name '${name}' cannot stand in an address.`,
    'Use up to 64 letters, digits, dots, dashes and underscores.',
  );
}
