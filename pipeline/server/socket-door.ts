import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';

/** Another kind of WebSocket on the server's port. The server has checked origin, token and caps by then. */
export interface SocketDoor {
  /** Path of its address, e.g. `/foxglove`. */
  readonly path: string;
  /** Subprotocols it speaks, best first; a client that offers none of them is refused with 400. */
  readonly protocols: readonly string[];
  /** Longest message a client may send, in bytes; 65 536 by default. */
  readonly maxPayload?: number | undefined;
  /**
   * Takes over a connection; the server goes on asking it for signs of life and counts it among its viewers. `mayWatch`
   * tells whether the client's token is good for a stream.
   */
  accept(socket: WebSocket, request: IncomingMessage, mayWatch: (stream: string) => boolean): void;
  /** The server is closing; the sockets get their goodbye (1001) from the server. */
  close(): void;
}
