import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Login, LoginAnswers } from './login.ts';
import { headerOf, type RtspMessage, RtspReader, rtspBytes } from './rtsp-messages.ts';

/** What a camera answered instead of playing. */
export interface RtspRefusal {
  readonly status: number;
  /** Its own words behind the number. */
  readonly words: string;
}

/** Milliseconds in which a camera that is connected answers its first request; the first picture may take longer. */
export const ANSWER_WITHIN = 3000;

interface Asked {
  readonly request: RtspMessage;
  readonly clientSequence: string;
  readonly withLogin: boolean;
}

/**
 * Stands between ffmpeg and an RTSP camera on one connection that was made before: ffmpeg talks to a port of the
 * loopback interface and never learns the camera's address or password, so neither is in the list of processes, nor in
 * what ffmpeg prints, and no answer of the camera can send ffmpeg elsewhere. Logs in on its own (Basic, Digest).
 *
 * The port takes one connection, for the path in `target` only, and closes.
 */
export class RtspRelay {
  /** The URL for ffmpeg. */
  readonly target: string;
  /** The last answer other than success; a redirection counts as one. */
  refusal: RtspRefusal | undefined;
  /** Whether it was given up because nothing at all was answered. */
  silent = false;
  #unanswered: NodeJS.Timeout | undefined;
  readonly #url: string;
  readonly #camera: Socket;
  readonly #server: Server;
  readonly #login: LoginAnswers | undefined;
  readonly #asked = new Map<string, Asked>();
  #client: Socket | undefined;
  #sequence = 0;

  private constructor(url: string, camera: Socket, login: Login | undefined, server: Server) {
    this.#url = url;
    this.#camera = camera;
    this.#server = server;
    this.#login = login && new LoginAnswers(login);
    this.target = `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/${randomBytes(9).toString('hex')}`;
    const answers = new RtspReader(
      (message) => this.#answer(message),
      (bytes) => this.#client?.write(bytes),
    );
    camera.on('data', (chunk: Buffer) => {
      clearTimeout(this.#unanswered);
      this.#guard(() => answers.push(chunk));
    });
    camera.on('close', () => this.#client?.end());
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** @param camera a socket that is connected to the camera; the relay ends it. */
  static async open(url: URL, camera: Socket, login: Login | undefined): Promise<RtspRelay> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RtspRelay(`${url.protocol}//${url.host}${url.pathname}${url.search}`, camera, login, server);
  }

  /** Ends both connections. */
  close(): void {
    clearTimeout(this.#unanswered);
    this.#server.close();
    this.#camera.destroy();
    this.#client?.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#client) {
      socket.destroy();
      return;
    }
    this.#server.close();
    this.#client = socket;
    socket.setNoDelay(true);
    const requests = new RtspReader(
      (message) => this.#request(message),
      (bytes) => this.#camera.write(bytes),
    );
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#guard(() => requests.push(chunk)));
    socket.on('close', () => this.close());
  }

  /** What is no RTSP ends the connection; the supervisor sees that. */
  #guard(step: () => void): void {
    try {
      step();
    } catch {
      this.close();
    }
  }

  #request(message: RtspMessage): void {
    const [method = '', uri = '', version = ''] = message.start.split(' ');
    // Behind the first answer ffmpeg uses the camera's own URLs; only what begins with ours is put in its place.
    const real = uri.startsWith(this.target) ? this.#url + uri.slice(this.target.length) : uri;
    if (real === uri && this.#sequence === 0) throw new Error('not for the path that was given out');
    this.#ask({ ...message, start: `${method} ${real} ${version}` }, headerOf(message, 'cseq') ?? '0');
  }

  #ask(request: RtspMessage, clientSequence: string): void {
    const sequence = String(++this.#sequence);
    if (sequence === '1') {
      this.#unanswered = setTimeout(() => {
        this.silent = true;
        this.close();
      }, ANSWER_WITHIN);
    }
    const [method = '', uri = ''] = request.start.split(' ');
    const authorization = this.#login?.authorization(method, uri);
    // Some cameras play and answer no keep-alive, ever: those are no reason to end it, and shall not fill the memory.
    const [oldest] = this.#asked.keys();
    if (this.#asked.size >= 64) this.#asked.delete(oldest!);
    this.#asked.set(sequence, { request, clientSequence, withLogin: authorization !== undefined });
    this.#camera.write(rtspBytes(request, { CSeq: sequence, Authorization: authorization }));
  }

  #answer(message: RtspMessage): void {
    const sequence = headerOf(message, 'cseq') ?? '';
    const asked = this.#asked.get(sequence);
    // A request of the camera to its player, or an answer to nothing: there is nobody to tell.
    if (!message.start.startsWith('RTSP/') || !asked) return;
    this.#asked.delete(sequence);
    const status = Number(message.start.split(' ')[1]);
    if (status === 401 && this.#login) {
      const headers = message.headers.filter(([name]) => name.toLowerCase() === 'www-authenticate');
      const stale = headers.some(([, value]) => /\bstale\s*=\s*"?true/i.test(value));
      if ((!asked.withLogin || stale) && this.#login.challenge(headers.map(([, value]) => value))) {
        this.#ask(asked.request, asked.clientSequence);
        return;
      }
    }
    const method = asked.request.start.split(' ', 1)[0] ?? '';
    // Some cameras do not know OPTIONS or the keep-alive; ffmpeg lives with that.
    if (!(status >= 200 && status < 300) && /^(DESCRIBE|SETUP|PLAY)$/.test(method)) {
      this.refusal = {
        status,
        words: message.start
          .split(' ')
          .slice(2)
          .join(' ')
          .replace(/[^ -~]/g, '?')
          .slice(0, 80),
      };
      // The end of it: ffmpeg would follow a redirection wherever it leads, and after a refused login ask once more to be
      // let go, which a camera counts as a second try.
      throw new Error('refused');
    }
    this.#client?.write(rtspBytes(message, { CSeq: asked.clientSequence, Transport: this.#transport(message) }));
  }

  /** With UDP the packets come from the camera, not from here; ffmpeg must know where it sends its reports. */
  #transport(message: RtspMessage): string | undefined {
    const transport = headerOf(message, 'transport');
    if (transport === undefined || !/RTP\/AVP(\/UDP)?;/i.test(transport)) return transport;
    return `${transport.replace(/;source=[^;]*/i, '')};source=${this.#camera.remoteAddress ?? '127.0.0.1'}`;
  }
}
