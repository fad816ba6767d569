import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** What a fake camera plays and asks for. */
export interface FakeCameraOptions {
  /** H.264 Annex B with an access unit delimiter before each picture (x264: `aud=1:repeat-headers=1:sliced-threads=0`). */
  readonly file: string;
  readonly fps: number;
  /** Asks for digest authentication (RFC 2617, MD5). */
  readonly login?: { readonly user: string; readonly password: string };
}

const CLOCK = 90_000;
const PAYLOAD = 1400;

/**
 * A small RTSP camera for tests: port 0 on 127.0.0.1, RTP interleaved over TCP, one H.264 stream that starts over at its
 * end. RFC 2326 (RTSP), RFC 6184 (H.264 in RTP). Faults are properties and methods.
 */
export class FakeCamera {
  /** While true the connections stay open and no picture is sent. */
  frozen = false;
  /** While true requests are read and never answered. */
  mute = false;
  /** Added to the time stamp of what is sent from now on, in seconds. */
  timeShift = 0;
  readonly #server: Server;
  readonly #pictures: readonly (readonly Buffer[])[];
  readonly #options: FakeCameraOptions;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, pictures: readonly (readonly Buffer[])[], options: FakeCameraOptions) {
    this.#server = server;
    this.#pictures = pictures;
    this.#options = options;
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async start(options: FakeCameraOptions): Promise<FakeCamera> {
    const server = createServer();
    const camera = new FakeCamera(server, accessUnits(await readFile(options.file)), options);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return camera;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Number of open connections. */
  get clients(): number {
    return this.#sockets.size;
  }

  /** URL with the login given, by default the right one; `host` may be a name. */
  url(login = this.#options.login, host = '127.0.0.1'): string {
    const who = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : '';
    return `rtsp://${who}${host}:${this.port}/cam`;
  }

  /** Closes every connection: politely, or as a crash would. */
  kick(how: 'end' | 'reset' = 'end'): void {
    for (const socket of this.#sockets) {
      if (how === 'end') socket.end();
      else socket.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const nonce = randomBytes(8).toString('hex');
    let pending = Buffer.alloc(0);
    let player: NodeJS.Timeout | undefined;
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(player);
      this.#sockets.delete(socket);
    });
    socket.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      for (;;) {
        // The client's RTCP reports come in between, marked with a dollar sign.
        if (pending[0] === 0x24) {
          if (pending.length < 4 || pending.length < 4 + pending.readUInt16BE(2)) return;
          pending = pending.subarray(4 + pending.readUInt16BE(2));
          continue;
        }
        const end = pending.indexOf('\r\n\r\n');
        if (end < 0) return;
        const request = pending.toString('latin1', 0, end);
        pending = pending.subarray(end + 4);
        if (this.mute) continue;
        if (this.#answer(socket, request, nonce)) player ??= this.#play(socket);
      }
    });
  }

  /** Answers one request; true for a PLAY that was granted. */
  #answer(socket: Socket, request: string, nonce: string): boolean {
    const [method = '', uri = ''] = request.split(' ');
    const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
    const reply = (status: string, headers: readonly string[] = [], body = ''): void => {
      const length = body === '' ? [] : [`Content-Length: ${body.length}`];
      socket.write(`${[`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...headers, ...length].join('\r\n')}\r\n\r\n${body}`);
    };
    if (method !== 'OPTIONS' && !this.#admits(method, request, nonce)) {
      reply('401 Unauthorized', [`WWW-Authenticate: Digest realm="camera", nonce="${nonce}"`]);
      return false;
    }
    switch (method) {
      case 'OPTIONS':
        reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN']);
        return false;
      case 'DESCRIBE':
        if (!uri.endsWith('/cam')) reply('404 Not Found');
        else reply('200 OK', ['Content-Type: application/sdp', `Content-Base: ${uri}/`], this.#description());
        return false;
      case 'SETUP':
        reply('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1;timeout=60']);
        return false;
      case 'PLAY':
        reply('200 OK', ['Session: 1', 'Range: npt=0-']);
        return true;
      default:
        reply('200 OK', ['Session: 1']);
        if (method === 'TEARDOWN') socket.end();
        return false;
    }
  }

  #admits(method: string, request: string, nonce: string): boolean {
    const { login } = this.#options;
    if (!login) return true;
    const given = /^Authorization: *Digest (.*)$/im.exec(request)?.[1];
    if (given === undefined) return false;
    const field = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(given)?.[1] ?? '';
    const secret = md5(`${login.user}:camera:${login.password}`);
    const wanted = md5(`${secret}:${nonce}:${md5(`${method}:${field('uri')}`)}`);
    return field('username') === login.user && field('response') === wanted;
  }

  #description(): string {
    const nals = this.#pictures[0] ?? [];
    const sets = nals.filter((nal) => [7, 8].includes(nal[0]! & 31)).map((nal) => nal.toString('base64'));
    return `${[
      'v=0',
      'o=- 0 0 IN IP4 127.0.0.1',
      's=fake camera',
      'c=IN IP4 0.0.0.0',
      't=0 0',
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${sets.join(',')}`,
      'a=control:track1',
    ].join('\r\n')}\r\n`;
  }

  #play(socket: Socket): NodeJS.Timeout {
    const { fps } = this.#options;
    let index = 0;
    let sequence = 0;
    return setInterval(() => {
      if (this.frozen || socket.destroyed) return;
      const nals = this.#pictures[index % this.#pictures.length]!;
      const time = Math.round((index / fps + this.timeShift) * CLOCK) >>> 0;
      index++;
      nals.forEach((nal, i) => {
        for (const packet of packets(nal, i === nals.length - 1, time, () => sequence++ & 0xffff)) socket.write(packet);
      });
    }, 1000 / fps);
  }
}

/** NAL units of each picture, delimiters left out. */
function accessUnits(stream: Buffer): Buffer[][] {
  const starts: number[] = [];
  for (let at = stream.indexOf('\0\0\x01', 0, 'latin1'); at >= 0; at = stream.indexOf('\0\0\x01', at + 3, 'latin1')) {
    starts.push(at + 3);
  }
  const pictures: Buffer[][] = [];
  starts.forEach((start, i) => {
    let end = (starts[i + 1] ?? stream.length + 3) - 3;
    // A start code may have a fourth byte, and a NAL unit never ends with 0.
    while (end > start && stream[end - 1] === 0) end--;
    const nal = stream.subarray(start, end);
    if ((nal[0]! & 31) === 9) pictures.push([]);
    else pictures.at(-1)?.push(nal);
  });
  return pictures.filter((nals) => nals.length > 0);
}

/** RTP packets of one NAL unit, each with the four bytes that carry it inside the RTSP connection. */
function* packets(nal: Buffer, last: boolean, time: number, sequence: () => number): Generator<Buffer> {
  const wrap = (payload: Buffer, marker: boolean): Buffer => {
    const out = Buffer.alloc(16 + payload.length);
    out[0] = 0x24;
    out.writeUInt16BE(12 + payload.length, 2);
    out[4] = 0x80;
    out[5] = (marker ? 0x80 : 0) | 96;
    out.writeUInt16BE(sequence(), 6);
    out.writeUInt32BE(time, 8);
    out.writeUInt32BE(0x5eed, 12);
    payload.copy(out, 16);
    return out;
  };
  if (nal.length <= PAYLOAD) {
    yield wrap(nal, last);
    return;
  }
  // FU-A: the NAL unit's first byte is taken apart into the two that each fragment begins with.
  for (let at = 1; at < nal.length; at += PAYLOAD) {
    const end = at + PAYLOAD >= nal.length;
    const head = Buffer.from([(nal[0]! & 0xe0) | 28, (at === 1 ? 0x80 : 0) | (end ? 0x40 : 0) | (nal[0]! & 31)]);
    yield wrap(Buffer.concat([head, nal.subarray(at, at + PAYLOAD)]), last && end);
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
