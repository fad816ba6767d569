import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Sends one packet, pictures on channel 0 and reports on channel 1. */
export interface Send {
  (packet: Buffer, channel: 0 | 1): void;
  readonly close: () => void;
  readonly ports: readonly number[];
}

/** Inside the RTSP connection itself (RFC 2326, 10.12). */
export function interleaved(socket: Socket): Send {
  const send = (packet: Buffer, channel: 0 | 1): void => {
    const head = Buffer.from([0x24, channel, 0, 0]);
    head.writeUInt16BE(packet.length, 2);
    socket.write(Buffer.concat([head, packet]));
  };
  return Object.assign(send, { close: () => {}, ports: [] });
}

/** Beside it over UDP, to two ports of a player on this machine. */
export async function datagrams(...to: [number, number]): Promise<Send> {
  const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
  }
  const send = (packet: Buffer, channel: 0 | 1): void => sockets[channel].send(packet, to[channel], '127.0.0.1');
  const close = (): void => {
    for (const socket of sockets) socket.close();
  };
  return Object.assign(send, { close, ports: sockets.map((socket) => socket.address().port) });
}
