import type { RequestListener } from 'node:http';
import { WIRE_PROTOCOL } from '../../frames/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type AdminHouse, adminAnswers } from './admin-answers.ts';
import { send, text, turnAway } from './answer.ts';
import type { PageFile } from './page-files.ts';
import { healthJson, readiness } from './status-report.ts';
import { authorise, isHostAllowed } from './viewer-door.ts';

/** What plain HTTP is answered from. */
export interface HttpHouse extends AdminHouse {
  readonly telemetry: Telemetry;
  readonly page: ReadonlyMap<string, PageFile>;
  /** Whether the server is on its way out. */
  isStopping(): boolean;
}

/** Answers plain HTTP: the page, health, metrics, `POST /admin/reload`, and a sentence for everything else. */
export function httpAnswers(house: HttpHouse): RequestListener {
  const administrate = adminAnswers(house);

  return (request, response) => {
    if (!isHostAllowed(request.headers.host, house.rules)) {
      return text(request, response, 421, 'This server has another name.');
    }
    const path = (request.url ?? '/').split('?', 1)[0]!;
    if (path === '/admin/reload') return administrate(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return text(request, response, 405, 'Only GET and HEAD are answered.');
    }
    if (path === '/livez') return text(request, response, 200, 'ok');
    if (path === '/readyz') {
      const state = readiness(house.streams.news(), house.isStopping());
      return text(request, response, state === 'ready' ? 200 : 503, state);
    }
    if (path === '/healthz' || path === '/metrics') {
      const pass = authorise(request, house, 'viewer');
      if ('status' in pass) return turnAway(request, response, house, pass);
      if (path === '/healthz') {
        return send(request, response, 200, 'application/json', healthJson(house.streams, house.telemetry, pass));
      }
      void house.telemetry.text().then(
        (body) => send(request, response, 200, 'text/plain; version=0.0.4; charset=utf-8', body),
        () => text(request, response, 500, 'The metrics could not be collected.'),
      );
      return;
    }
    const door = house.doors.find((other) => other.path === path);
    if (door || path === '/streams' || path.startsWith('/streams/')) {
      response.setHeader('Upgrade', 'websocket');
      const protocol = door?.protocols.join(' or ') ?? WIRE_PROTOCOL;
      return text(request, response, 426, `This is a WebSocket: connect with subprotocol ${protocol}.`);
    }
    const file = house.page.get(path);
    if (file) {
      response.setHeader('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
      return send(request, response, 200, file.type, file.body);
    }
    if (path === '/' && house.page.size === 0) {
      return text(request, response, 503, 'The viewer page has not been built: run `npm run build`. The streams work.');
    }
    return text(request, response, 404, 'There is nothing here.');
  };
}
