import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DepthcastError } from '../../../frames/index.ts';
import { connectOptions, type PinnedPlace } from './address.ts';

/** How a connection is made. */
export interface DialOptions {
  /** What the user calls it; begins a sentence. */
  readonly subject: string;
  readonly signal: AbortSignal;
  /** With TLS: the name that the certificate must be for. */
  readonly serverName?: string | undefined;
  /** Takes any certificate, as cameras have that made their own. */
  readonly insecureTls?: boolean | undefined;
}

/**
 * Connects, to the first of the addresses that answers. The socket comes paused, without delay for small packets. Throws `source-unreachable`, also where `signal`
 * aborts first.
 */
export function dial(to: PinnedPlace, options: DialOptions): Promise<Socket> {
  const { subject, signal, serverName, insecureTls } = options;
  return new Promise((resolve, reject) => {
    const socket =
      serverName === undefined
        ? connect({ ...connectOptions(to), noDelay: true })
        : connectTls({
            ...connectOptions(to),
            rejectUnauthorized: insecureTls !== true,
            // An address is no name that TLS may send, and Node then checks the certificate against `host`.
            ...(/^[\d.]+$|:/.test(serverName) ? {} : { servername: serverName }),
          });
    const fail = (cause?: NodeJS.ErrnoException): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      reject(unreachable(subject, cause));
    };
    const abort = (): void => fail();
    socket.once('error', fail);
    socket.once(serverName === undefined ? 'connect' : 'secureConnect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', fail);
      // Whoever uses the socket looks at its `close`; an error without a listener would end the process.
      socket.on('error', () => {});
      socket.setNoDelay(true);
      resolve(socket);
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** The error of a camera that cannot be reached, in words a person knows. */
export function unreachable(subject: string, cause?: NodeJS.ErrnoException): DepthcastError {
  const code = cause?.code ?? '';
  const how =
    code === 'ECONNREFUSED'
      ? 'refused the connection'
      : /CERT|TLS|SSL|SELF_SIGNED|ALTNAME/.test(code)
        ? `has a certificate that is not trusted (${code})`
        : cause === undefined
          ? 'does not answer'
          : `cannot be reached (${code || cause.message})`;
  return new DepthcastError('source-unreachable', `${subject} ${how}.`, {
    advice: 'Check address, port and that the camera is on.',
    facts: { code },
  });
}
