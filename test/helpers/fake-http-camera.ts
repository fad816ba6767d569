import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** What a fake HTTP camera has and asks for. */
export interface FakeHttpCameraOptions {
  /** Folder of files to serve as they are; those named `*.jpg`, in order, are what `/mjpeg` plays. */
  readonly folder: string;
  readonly fps?: number;
  /** Asked for with HTTP Basic. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Whether a part states its length; default true. */
  readonly lengths?: boolean;
}

/** A small HTTP camera for tests: JPEG pictures at `/mjpeg`, files beside it, faults as properties. */
export class FakeHttpCamera {
  frozen = false;
  /** Answers everything with a redirection to here. */
  redirect: string | undefined;
  /** Paths asked for, without those refused for want of a login. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #options: FakeHttpCameraOptions;
  #pictures: readonly Buffer[] = [];
  #port = 0;

  private constructor(options: FakeHttpCameraOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: FakeHttpCameraOptions): Promise<FakeHttpCamera> {
    const camera = new FakeHttpCamera(options);
    const names = (await readdir(options.folder)).filter((name) => name.endsWith('.jpg')).sort();
    camera.#pictures = await Promise.all(names.map((name) => readFile(path.join(options.folder, name))));
    await camera.listen();
    return camera;
  }

  url(place: string): string {
    const { login } = this.#options;
    const who = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : '';
    return `http://${who}127.0.0.1:${this.#port}/${place}`;
  }

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  kick(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.kick();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { login, folder } = this.#options;
    const wanted = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
      return;
    }
    const place = request.url ?? '';
    this.asked.push(place);
    if (this.redirect !== undefined) response.writeHead(302, { location: this.redirect }).end();
    else if (place === '/mjpeg') this.#play(response);
    else {
      const bytes = await readFile(path.join(folder, path.basename(place))).catch(() => undefined);
      const type = place.endsWith('.m3u8') ? 'application/vnd.apple.mpegurl' : 'video/mp2t';
      if (bytes) response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
      else response.writeHead(404).end();
    }
  }

  #play(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=--frame' });
    let at = 0;
    const timer = setInterval(
      () => {
        if (this.frozen) return;
        const picture = this.#pictures[at++ % this.#pictures.length]!;
        const length = this.#options.lengths === false ? '' : `Content-Length: ${picture.length}\r\n`;
        response.write(`--frame\r\nContent-Type: image/jpeg\r\n${length}\r\n`);
        response.write(picture);
        response.write('\r\n');
      },
      1000 / (this.#options.fps ?? 25),
    );
    response.on('close', () => clearInterval(timer));
  }
}
