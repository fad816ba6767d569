/*
 * Health check of the container: 0 where the service answers /livez on its own port, 1 where it does not. Cameras that
 * are down do not make it ill: restarting the service would mend none of them.
 */
import { get } from 'node:http';
import { get as getTls } from 'node:https';

const port = process.env.DEPTHCAST_PORT ?? '8080';

/** Resolves with whether /livez said 200. */
const isWell = (ask, scheme) =>
  new Promise((resolve) => {
    // It is this very container that is asked, so that there is nobody whose certificate would have to be checked.
    const request = ask(
      `${scheme}://127.0.0.1:${port}/livez`,
      { timeout: 4000, rejectUnauthorized: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });

process.exit((await isWell(get, 'http')) || (await isWell(getTls, 'https')) ? 0 : 1);
