import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/**
 * Gives ffmpeg a connection that was made here, on a port of the loopback interface that takes one connection and
 * closes: the host was resolved and checked, and TLS verified, by us.
 */
export class TcpRelay {
  readonly port: number;
  readonly #camera: Socket;
  readonly #server: Server;
  #client: Socket | undefined;

  private constructor(camera: Socket, server: Server) {
    this.#camera = camera;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    camera.on('close', () => this.#client?.end());
    server.on('connection', (socket) => {
      if (this.#client) {
        socket.destroy();
        return;
      }
      this.#client = socket;
      server.close();
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => this.close());
      socket.pipe(camera);
      camera.pipe(socket);
    });
  }

  /** @param camera a socket that is connected; the relay ends it. */
  static async open(camera: Socket): Promise<TcpRelay> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpRelay(camera, server);
  }

  close(): void {
    this.#server.close();
    this.#camera.destroy();
    this.#client?.destroy();
  }
}
