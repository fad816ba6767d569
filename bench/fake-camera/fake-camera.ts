import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { seeded } from '../seeded.ts';
import { CameraLogin, type LoginKind } from './camera-login.ts';
import { accessUnits, isKey, parameterSets, rtpPackets, senderReport } from './h264-stream.ts';
import { datagrams, interleaved, type Send } from './rtp-senders.ts';

/** What a fake camera plays and asks for. */
export interface FakeCameraOptions {
  /** H.264 Annex B with an access unit delimiter before each picture (x264: `aud=1:repeat-headers=1:sliced-threads=0`). */
  readonly file: string;
  readonly fps: number;
  readonly login?: { readonly user: string; readonly password: string };
  /** How it asks for the login; default `digest` (RFC 2617, MD5). */
  readonly auth?: LoginKind;
  /** Carries pictures over one transport alone and answers 461 to the other. */
  readonly only?: 'tcp' | 'udp';
  /** Address it listens on; default `127.0.0.1`. Over UDP it plays to that one alone. */
  readonly host?: string;
  /** Pictures that are sent at once when a player begins, as a hub does that keeps the last seconds. */
  readonly backlog?: number;
}

const CLOCK = 90_000;

/**
 * A small RTSP camera for tests: port 0 on the loopback interface, RTP interleaved over TCP or beside it over UDP, one H.264 stream
 * that starts over at its end. RFC 2326 (RTSP), RFC 6184 (H.264 in RTP). Faults are properties and methods.
 */
export class FakeCamera {
  /** While true the connections stay open and nothing is sent: neither pictures nor reports nor answers. */
  frozen = false;
  /** While true no picture is sent, and reports (RTCP) and answers go on. */
  muted = false;
  /** While true pictures are taken but kept; at false they are sent all at once, as after a network that stood still. */
  held = false;
  /** While true requests are read and never answered. */
  mute = false;
  /** Added to the time stamp of what is sent from now on, in seconds. */
  timeShift = 0;
  /** Share of pictures that are damaged, and of packets that are lost, 0 to 1. */
  corrupt = 0;
  drop = 0;
  /** Status line that is answered to DESCRIBE instead of a description, e.g. `404 Not Found`. */
  answer: string | undefined;
  /** Answers DESCRIBE with a redirection to here. */
  redirect: string | undefined;
  /** `performance.now()` when the last picture and the last first key frame were sent. */
  lastSentAt = 0;
  firstKeyAt = 0;
  /** Pictures sent to all players. */
  sent = 0;
  /** Connections accepted, and logins refused. */
  connections = 0;
  refusals = 0;
  readonly #server: Server;
  readonly #options: FakeCameraOptions;
  readonly #sockets = new Set<Socket>();
  readonly #random = seeded(7);
  #pictures: readonly (readonly Buffer[])[];
  #fps: number;
  #port = 0;
  #switched = 0;

  private constructor(pictures: readonly (readonly Buffer[])[], options: FakeCameraOptions) {
    this.#server = createServer((socket) => this.#serve(socket));
    this.#pictures = pictures;
    this.#options = options;
    this.#fps = options.fps;
  }

  static async start(options: FakeCameraOptions): Promise<FakeCamera> {
    const camera = new FakeCamera(accessUnits(await readFile(options.file)), options);
    await camera.listen();
    return camera;
  }

  get port(): number {
    return this.#port;
  }

  get #host(): string {
    return this.#options.host ?? '127.0.0.1';
  }

  /** Number of open connections. */
  get clients(): number {
    return this.#sockets.size;
  }

  /** URL with the login given, by default the right one; `host` may be a name. */
  url(login = this.#options.login, host = this.#host.includes(':') ? `[${this.#host}]` : this.#host): string {
    const who = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : '';
    return `rtsp://${who}${host}:${this.port}/cam`;
  }

  /** Pictures a second from the next on. */
  setRate(fps: number): void {
    this.#fps = fps;
  }

  /** Plays another file from its beginning, as a camera does whose size is changed. */
  async switchTo(file: string): Promise<void> {
    this.#pictures = accessUnits(await readFile(file));
    this.#switched++;
  }

  /** Closes every connection: politely, or as a crash would. */
  kick(how: 'end' | 'reset' = 'end'): void {
    for (const socket of this.#sockets) {
      if (how === 'end') socket.end();
      else socket.resetAndDestroy();
    }
  }

  /** Accepts connections (again), on the port it had before. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, this.#host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Goes away as a process does that is killed: connections are reset and the port is closed. */
  async close(): Promise<void> {
    this.kick('reset');
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    const login = new CameraLogin(this.#options.login, this.#options.auth ?? 'digest');
    let pending = Buffer.alloc(0);
    let stop: (() => void) | undefined;
    let send: Send = interleaved(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      stop?.();
      this.#sockets.delete(socket);
    });
    socket.on('data', async (bytes) => {
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
        if (this.mute || this.frozen) continue;
        const udp = await this.#answer(socket, request, login);
        if (udp === 'play') stop ??= this.#play(socket, send);
        else if (udp) {
          send = udp;
          socket.once('close', udp.close);
        }
      }
    });
  }

  /** Answers one request; `play` for a PLAY that was granted, a way to send for a SETUP with UDP. */
  async #answer(socket: Socket, request: string, login: CameraLogin): Promise<Send | 'play' | undefined> {
    const [method = '', uri = ''] = request.split(' ');
    const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
    const reply = (status: string, headers: readonly string[] = [], body = ''): undefined => {
      const length = body === '' ? [] : [`Content-Length: ${body.length}`];
      socket.write(`${[`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...headers, ...length].join('\r\n')}\r\n\r\n${body}`);
    };
    const verdict = method === 'OPTIONS' ? 'right' : login.judge(method, request);
    if (verdict === 'wrong') this.refusals++;
    if (verdict !== 'right') return reply('401 Unauthorized', [`WWW-Authenticate: ${login.challenge()}`]);
    switch (method) {
      case 'OPTIONS':
        return reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN']);
      case 'DESCRIBE':
        if (this.redirect !== undefined) return reply('302 Moved', [`Location: ${this.redirect}`]);
        if (this.answer !== undefined) return reply(this.answer);
        if (!uri.endsWith('/cam')) return reply('404 Not Found');
        return reply('200 OK', ['Content-Type: application/sdp', `Content-Base: ${uri}/`], this.#description());
      case 'SETUP': {
        const ports = /^Transport:.*client_port=(\d+)-(\d+)/im.exec(request);
        const wanted = ports ? 'udp' : 'tcp';
        if ((this.#options.only ?? wanted) !== wanted) return reply('461 Unsupported Transport');
        if (!ports) {
          return reply('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1;timeout=60']);
        }
        const udp = await datagrams(Number(ports[1]), Number(ports[2]));
        const where = `client_port=${ports[1]}-${ports[2]};server_port=${udp.ports.join('-')}`;
        reply('200 OK', [`Transport: RTP/AVP;unicast;${where}`, 'Session: 1;timeout=60']);
        return udp;
      }
      case 'PLAY':
        reply('200 OK', ['Session: 1', 'Range: npt=0-']);
        return 'play';
      default:
        reply('200 OK', ['Session: 1']);
        if (method === 'TEARDOWN') socket.end();
        return undefined;
    }
  }

  #description(): string {
    return `${[
      'v=0',
      'o=- 0 0 IN IP4 127.0.0.1',
      's=fake camera',
      'c=IN IP4 0.0.0.0',
      't=0 0',
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${parameterSets(this.#pictures)}`,
      'a=control:track1',
    ].join('\r\n')}\r\n`;
  }

  /** Sends to one player until the answer is called. */
  #play(socket: Socket, send: Send): () => void {
    let at = 0;
    let switched = this.#switched;
    let taken = 0;
    let sequence = 0;
    let begun = false;
    const kept: (() => void)[] = [];
    const one = (): void => {
      if (switched !== this.#switched) {
        switched = this.#switched;
        at = 0;
      }
      const picture = this.#pictures[at++ % this.#pictures.length]!;
      const time = Math.round((taken + this.timeShift) * CLOCK);
      taken += 1 / this.#fps;
      if (this.frozen || this.muted || socket.destroyed) return;
      const damaged = this.#random() < this.corrupt ? picture.map((nal) => this.#damage(nal)) : picture;
      const packets = rtpPackets(damaged, time, () => sequence++);
      const now = (): void => {
        if (isKey(picture) && !begun) {
          begun = true;
          this.firstKeyAt = performance.now();
        }
        this.lastSentAt = performance.now();
        this.sent++;
        for (const packet of packets) if (this.drop === 0 || this.#random() >= this.drop) send(packet, 0);
      };
      if (this.held) kept.push(now);
      else {
        for (const before of kept.splice(0)) before();
        now();
      }
    };
    for (let i = 0; i < (this.#options.backlog ?? 0); i++) one();
    const reports = setInterval(() => {
      if (!this.frozen && !this.held) send(senderReport(taken * CLOCK, sequence), 1);
    }, 250);
    let timer: NodeJS.Timeout | undefined;
    let due = performance.now();
    const tick = (): void => {
      one();
      due += 1000 / this.#fps;
      // Where this process itself stood still, the camera did not: its clock went on.
      const missed = Math.max(0, performance.now() - 100 - due);
      taken += missed / 1000;
      due += missed;
      timer = setTimeout(tick, Math.max(0, due - performance.now()));
    };
    tick();
    return () => {
      clearTimeout(timer);
      clearInterval(reports);
    };
  }

  /** Bytes of a slice turned over; parameter sets stay as they are. */
  #damage(nal: Buffer): Buffer {
    if (![1, 5].includes(nal[0]! & 31) || nal.length < 40) return nal;
    const out = Buffer.from(nal);
    for (let i = 0; i < 24; i++) out[20 + Math.floor(this.#random() * (out.length - 20))]! ^= 0x55;
    return out;
  }
}
