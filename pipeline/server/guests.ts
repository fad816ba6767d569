import type { WebSocket } from 'ws';
import { clientOf } from './client-of.ts';
import { goodbye } from './socket-line.ts';
import type { Pass } from './tokens.ts';

/** Why somebody is let go whose token is not good any more. */
export const TOKEN_ENDED = 'token no longer valid';

interface Guest {
  readonly client: string;
  readonly pass: Pass;
  answered: boolean;
}

/** Every WebSocket that was let in, of whatever kind: counted, asked for signs of life, and said goodbye to. */
export class Guests {
  readonly #guests = new Map<WebSocket, Guest>();

  add(socket: WebSocket, address: string | undefined, pass: Pass): void {
    const guest: Guest = { client: clientOf(address), pass, answered: true };
    this.#guests.set(socket, guest);
    const answer = (): void => {
      guest.answered = true;
    };
    socket.on('pong', answer);
    socket.on('message', answer);
    // What a peer does wrong ends its own connection with the right close code; there is nothing to add.
    socket.on('error', () => {});
    socket.on('close', () => this.#guests.delete(socket));
  }

  get count(): number {
    return this.#guests.size;
  }

  /** How many came from the same client. */
  countFrom(address: string | undefined): number {
    const client = clientOf(address);
    let count = 0;
    for (const guest of this.#guests.values()) if (guest.client === client) count++;
    return count;
  }

  /** Bytes that wait in all sockets. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const socket of this.#guests.keys()) bytes += socket.bufferedAmount;
    return bytes;
  }

  /** Asks everybody for a sign of life and cuts off who did not answer the last question. */
  ping(): void {
    for (const [socket, guest] of this.#guests) {
      if (!guest.answered) {
        socket.terminate();
        continue;
      }
      guest.answered = false;
      if (socket.readyState === socket.OPEN) socket.ping();
    }
  }

  /** Says goodbye to those whose pass no longer stands. */
  recheck(stands: (pass: Pass) => boolean): void {
    for (const [socket, { pass }] of this.#guests) if (!stands(pass)) goodbye(socket, 1008, TOKEN_ENDED);
  }

  /** Says goodbye to everybody. */
  closeAll(code: number, reason: string): void {
    for (const socket of this.#guests.keys()) goodbye(socket, code, reason);
  }
}
