import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { DepthcastError } from '../../frames/index.ts';
import { json, text, turnAway } from './answer.ts';
import type { ServerOptions } from './server-options.ts';
import { authorise, type DoorRules, type House, isLoopbackHost, isOriginAllowed, type Refusal } from './viewer-door.ts';

/** What the administration is answered from. */
export interface AdminHouse extends House {
  readonly rules: DoorRules;
  readonly admin: ServerOptions['admin'];
  /** Told of a reload that failed in a way nobody foresaw. */
  onError(error: unknown): void;
  /** Told of each request that was turned away. */
  onRefused(refusal: Refusal): void;
}

const UNKNOWN = { code: 'unknown', message: 'The reload failed.', advice: 'See the log of the server.' };

/** Answers `/admin/reload`: to who may administrate, and one reload at a time. */
export function adminAnswers(house: AdminHouse): RequestListener {
  let isReloading = false;

  const reload = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // What a reload costs is not bounded by the time a silent connection may stay.
    request.socket.setTimeout(0);
    isReloading = true;
    try {
      json(request, response, 200, (await house.admin!.reload()) ?? { ok: true });
    } catch (error) {
      if (!(error instanceof DepthcastError)) house.onError(error);
      const { code, message, advice } = error instanceof DepthcastError ? error : UNKNOWN;
      json(request, response, error instanceof DepthcastError ? 422 : 500, { error: { code, message, advice } });
    } finally {
      isReloading = false;
    }
  };

  return (request, response) => {
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      return text(request, response, 405, 'Send this by POST.');
    }
    // A browser sends the origin with every POST: no page from elsewhere may reload what runs here.
    // `null` is the origin of any page in a sandbox: it may be let in to watch, never to do something.
    if (request.headers.origin === 'null' || !isOriginAllowed(request, house.rules)) {
      return text(request, response, 403, 'This page may not do this.');
    }
    // Under another name it is asked through a proxy, which others reach.
    const isHere = house.rules.loopback && isLoopbackHost(request.headers.host);
    const isOpen = isHere && !house.tokens.asks('viewer') && !house.tokens.asks('admin');
    const pass = isOpen ? undefined : authorise(request, house, 'admin');
    if (pass && 'status' in pass) return turnAway(request, response, house, pass);
    if (!house.admin) return text(request, response, 404, 'There is nothing to reload.');
    if (isReloading) return text(request, response, 409, 'A reload is under way.');
    void reload(request, response);
  };
}
