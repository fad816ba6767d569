import { DepthcastError } from '../../frames/errors.ts';

/** The WebSocket address of a stream given as ws, wss, http or https; throws `option-invalid` for anything else. */
export function streamAddress(url: string | URL): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
    parsed.protocol = parsed.protocol.replace(/^http/, 'ws');
  } catch {
    // Reported below, with the other addresses that are none.
  }
  if (parsed?.protocol === 'ws:' || parsed?.protocol === 'wss:') return parsed.href;
  throw new DepthcastError('option-invalid', `'${url}' is not the address of a stream.`, {
    advice: 'Give one like ws://127.0.0.1:8080/streams/1.',
  });
}
