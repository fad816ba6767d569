import { createHash, timingSafeEqual } from 'node:crypto';
import { invalidOption } from './invalid-option.ts';

/** A token as it is given: alone, or with the streams it is for and the moment it ends. */
export type GivenToken =
  | string
  | {
      readonly token: string;
      /** Streams it is good for; all by default. */
      readonly streams?: readonly string[] | undefined;
      /** When it ends, e.g. `2026-12-31T23:59:59Z`; never by default. */
      readonly expires?: Date | string | undefined;
    };

/** The tokens of a server. */
export interface GivenTokens {
  readonly viewer?: readonly GivenToken[] | undefined;
  readonly admin?: readonly GivenToken[] | undefined;
}

/** What a client may do. */
export interface Pass {
  readonly role: 'viewer' | 'admin';
  /** SHA-256 of its token; absent where no token is asked for. */
  readonly digest?: Buffer | undefined;
  readonly streams?: ReadonlySet<string> | undefined;
  /** Unix milliseconds. */
  readonly expires?: number | undefined;
}

/** True when a pass is good for a stream. */
export function mayWatch(pass: Pass, stream: string): boolean {
  return pass.streams === undefined || pass.streams.has(stream);
}

/**
 * The tokens of a server, kept as SHA-256 digests. Comparing looks at every token in constant time, so neither a
 * token's length, nor its first letters, nor its place in the list can be told from how long an answer takes.
 */
export class Tokens {
  #passes: readonly Pass[] = [];

  /** Throws `option-invalid` for a token that is too short or cannot travel as a subprotocol. */
  constructor(given: GivenTokens = {}) {
    this.set(given);
  }

  /** Replaces all tokens; throws as the constructor does, and then keeps the old ones. */
  set({ viewer = [], admin = [] }: GivenTokens): void {
    this.#passes = [...viewer.map((token) => passOf(token, 'viewer')), ...admin.map((token) => passOf(token, 'admin'))];
  }

  /** Whether a client needs a token to do something. */
  asks(role: Pass['role']): boolean {
    return this.#passes.some((pass) => pass.role === role);
  }

  /** What a token is good for; `expired` for one that was right. */
  find(token: string): Pass | 'expired' | undefined {
    const digest = digestOf(token);
    let found: Pass | undefined;
    for (const pass of this.#passes) if (timingSafeEqual(pass.digest!, digest)) found ??= pass;
    return found && isOver(found) ? 'expired' : found;
  }

  /**
   * What a pass that was given out is good for now: its token may be for other streams than it was then. Absent where
   * its token is gone or its end has come.
   */
  current(given: Pass): Pass | undefined {
    const { digest } = given;
    if (!digest) return this.asks('viewer') ? undefined : given;
    const now = this.#passes.find((pass) => timingSafeEqual(pass.digest!, digest));
    return now !== undefined && isOver(now) ? undefined : now;
  }

  /** Whether a pass that was given out still stands. */
  stands(pass: Pass): boolean {
    return this.current(pass) !== undefined;
  }
}

function isOver({ expires }: Pass): boolean {
  return expires !== undefined && Date.now() >= expires;
}

function passOf(given: GivenToken, role: Pass['role']): Pass {
  const { token, streams, expires } = typeof given === 'string' ? { token: given } : given;
  if (typeof token !== 'string' || !/^[A-Za-z0-9._~-]{16,256}$/.test(token)) {
    throw invalidOption(
      `A ${role} token is not 16 to 256 letters, digits, dots, dashes, underscores and tildes.`,
      'Make one with: openssl rand -hex 24',
    );
  }
  const end = expires === undefined ? undefined : new Date(expires).getTime();
  if (end !== undefined && Number.isNaN(end)) {
    throw invalidOption(`The end of a ${role} token, '${expires}', is no date.`, 'Write it like 2026-12-31T23:59:59Z.');
  }
  return { role, digest: digestOf(token), streams: streams && new Set(streams), expires: end };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
