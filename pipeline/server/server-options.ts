import type { Telemetry } from '../telemetry/telemetry.ts';
import type { EncodingOptions } from './frame-encoder.ts';
import { invalidOption } from './invalid-option.ts';
import { isLoopback } from './loopback.ts';
import type { SocketDoor } from './socket-door.ts';
import type { StreamHub } from './stream-hub.ts';
import { checkStreamName } from './stream-name.ts';
import type { StreamStatus } from './stream-status.ts';
import type { GivenTokens } from './tokens.ts';

/** What {@link startServer} is told. */
export interface ServerOptions extends EncodingOptions {
  /** Address to listen on; 127.0.0.1 by default, which only this machine reaches. */
  readonly host?: string | undefined;
  /** 8080 by default; 0 takes any free port. */
  readonly port?: number | undefined;
  /**
   * Names of the streams at the start, each 1…64 of letters, digits, `.`, `_` and `-`, beginning with a letter or
   * digit; more come and go by `addStream` and `removeStream`.
   */
  readonly streams: readonly string[];
  /** Must be true for a host other than loopback. */
  readonly allowPublic?: boolean | undefined;
  /** Must be true as well where there are no viewer tokens: anyone who reaches the host may watch. */
  readonly withoutToken?: boolean | undefined;
  /**
   * Who may watch and who may administrate (an admin may watch, too). Without viewer tokens everybody who reaches the
   * server may watch; without admin tokens `/admin` is open on loopback and shut elsewhere.
   */
  readonly tokens?: GivenTokens | undefined;
  /** Paths of a certificate chain and its key (PEM): the server then speaks https and wss only. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Answers POST /admin/reload; what it resolves with is sent as JSON. */
  readonly admin?:
    | {
        /** Reads the configuration again; a DepthcastError is answered with 422. */
        reload(): Promise<unknown>;
      }
    | undefined;
  /** Where to count; a Telemetry of its own by default. */
  readonly telemetry?: Telemetry | undefined;
  /** More WebSocket paths. */
  readonly doors?: readonly SocketDoor[] | undefined;
  /** Origins of other pages that may watch, e.g. `https://example.org`. The server's own page always may. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Viewers in all (200; fewer where the process may not open so many files) and from one address (50). An IPv6 network
   * of 64 bits counts as one address.
   */
  readonly maxViewers?: number | undefined;
  readonly maxViewersPerAddress?: number | undefined;
  /** A viewer is asked for a sign of life so often, in milliseconds (15 000), and let go when it gave none till then. */
  readonly pingIntervalMs?: number | undefined;
  /** A viewer whose line takes nothing for so long is let go, in milliseconds (10 000). */
  readonly stalledMs?: number | undefined;
  /** Told of a frame that could not be encoded; the stream goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A running server. */
export interface DepthServer {
  /** Address of the page, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where the answers of a stream are published. Throws `option-invalid` for a name that is none of its streams. */
  hub(stream: string): StreamHub;
  /** Makes room for a new stream. Throws `option-invalid` for a bad name or one that is there. */
  addStream(name: string): StreamHub;
  /** Ends a stream for good: those who watch it alone get close 1001. Nothing happens for a name that is none. */
  removeStream(name: string): Promise<void>;
  /** Names of this moment, in the order in which they came. */
  readonly streams: readonly string[];
  /** Told after each addition and removal, until the returned function is called. */
  onStreams(listener: () => void): () => void;
  /** How each stream does. */
  status(): readonly StreamStatus[];
  /** What it counts. */
  readonly telemetry: Telemetry;
  /** Reads the certificate files again: new connections get the new certificate. Rejects with the old one kept. */
  reloadTls(): Promise<void>;
  /** Replaces the tokens: who came in by one that is gone is let go (1008). Throws for bad ones and keeps the old. */
  setTokens(tokens: GivenTokens): void;
  /**
   * Checks new tokens and reads the certificate files again, and changes nothing; the answer puts both in force and
   * cannot fail. For a reload that must be whole or not be. Rejects with `option-invalid`.
   */
  prepareReload(tokens: GivenTokens): Promise<() => void>;
  /** Says `stopping` at `/readyz` and lets nobody in any more; those inside go on watching until `close`. */
  stopping(): void;
  /** Says goodbye to the viewers (1001) and frees the port, within about two seconds. */
  close(): Promise<void>;
}

/** Throws `option-invalid` for options that do not hold together, an open door that nobody asked for above all. */
export function checkOptions({ host = '127.0.0.1', port = 8080, ...options }: ServerOptions): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalidOption(`The port ${port} is none.`, 'Give a number from 1 to 65535, or 0 for any free one.');
  }
  for (const name of options.streams) checkStreamName(name);
  if (new Set(options.streams).size < options.streams.length) {
    throw invalidOption('Two streams have the same name.', 'Name each one apart.');
  }
  for (const { path } of options.doors ?? []) {
    if (!/^\/[a-z][a-z0-9-]*$/.test(path) || path === '/streams') {
      throw invalidOption(`A door cannot have the path '${path}'.`, 'Use one like /foxglove.');
    }
  }
  if (isLoopback(host)) return;
  if (options.allowPublic !== true) {
    throw invalidOption(
      `Listening on ${host} would let anyone on the network watch.`,
      'Listen on 127.0.0.1, or say that it is meant (--public, in code allowPublic).',
    );
  }
  if ((options.tokens?.viewer ?? []).length === 0 && options.withoutToken !== true) {
    throw invalidOption(
      `Anyone who reaches ${host} could watch: there is no viewer token.`,
      'Give a token, or say as well that none is wanted (--no-token, in code withoutToken).',
    );
  }
}
