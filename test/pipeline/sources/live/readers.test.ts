import { describe, expect, it } from 'vitest';
import { MultipartReader } from '../../../../pipeline/sources/live/multipart.ts';
import { type RtspMessage, RtspReader, rtspBytes } from '../../../../pipeline/sources/live/rtsp-messages.ts';

/** Every way to cut some bytes into pieces of one length. */
const cuts = [1, 2, 3, 7, 64, 1000];

function pieces(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
    bytes.subarray(i * length, (i + 1) * length),
  );
}

describe('a reader of RTSP', () => {
  const packet = (length: number): Buffer => {
    const bytes = Buffer.alloc(4 + length, 0x0d);
    bytes[0] = 0x24;
    bytes.writeUInt16BE(length, 2);
    return bytes;
  };
  const answer = Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\n\r\nv=0\r\n');

  it.each(cuts)('parts messages from packets, whole bytes in pieces of %i', (length) => {
    const messages: RtspMessage[] = [];
    const packets: Buffer[] = [];
    const reader = new RtspReader(
      (message) => messages.push(message),
      (bytes) => packets.push(Buffer.from(bytes)),
    );
    const wire = Buffer.concat([answer, packet(200), packet(0), answer, packet(70), packet(1)]);
    for (const piece of pieces(wire, length)) reader.push(piece);
    expect(messages.map(({ body }) => body.toString())).toEqual(['v=0\r\n', 'v=0\r\n']);
    expect(Buffer.concat(packets)).toEqual(Buffer.concat([packet(200), packet(0), packet(70), packet(1)]));
    expect(rtspBytes(messages[0]!, { CSeq: '9' }).toString()).toContain('CSeq: 9\r\n');
  });

  it.each([
    ['no end', Buffer.alloc(70_000, 'a')],
    ['a huge body', Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n')],
    ['a negative body', Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n')],
  ])('gives up on %s', (_, bytes) => {
    const reader = new RtspReader(
      () => {},
      () => {},
    );
    expect(() => reader.push(bytes)).toThrow();
  });
});

describe('a reader of multipart pictures', () => {
  const jpeg = Buffer.from([0xff, 0xd8, 1, 2, 3, 0x2d, 0x2d, 0xff, 0xd9]);

  it.each(cuts)('takes them out, with and without lengths, in pieces of %i', (length) => {
    const part = (lengths: boolean): Buffer =>
      Buffer.concat([
        Buffer.from(`--b\r\nContent-Type: image/jpeg\r\n${lengths ? `Content-Length: ${jpeg.length}\r\n` : ''}\r\n`),
        jpeg,
        Buffer.from('\r\n'),
      ]);
    const found: Buffer[] = [];
    const reader = new MultipartReader('multipart/x-mixed-replace; boundary=--b');
    for (const piece of pieces(Buffer.concat([part(true), part(false), part(true), part(true)]), length)) {
      reader.push(piece, (picture) => found.push(picture));
    }
    expect(found).toHaveLength(4);
    for (const picture of found) expect(picture.subarray(0, jpeg.length)).toEqual(jpeg);
  });

  it.each([true, false])(
    'takes no longer for each byte of a large one that comes in small pieces (length %s)',
    (length) => {
      const large = Buffer.concat([jpeg.subarray(0, 2), Buffer.alloc(7_500_000, '-'), Buffer.from('\r\n')]);
      const head = `--b\r\nContent-Type: image/jpeg\r\n${length ? `Content-Length: ${large.length}\r\n` : ''}\r\n`;
      const found: Buffer[] = [];
      const reader = new MultipartReader('multipart/x-mixed-replace; boundary=b');
      // Where each piece costs as much as all before it, this does not end within the time a test may take.
      for (const piece of pieces(Buffer.concat([Buffer.from(head), large, Buffer.from('--b\r\n')]), 64)) {
        reader.push(piece, (picture) => found.push(picture));
      }
      expect(found).toHaveLength(1);
      expect(found[0]!.equals(large)).toBe(true);
    },
    40_000,
  );

  it('hands over pictures that stay as they are', () => {
    const found: Buffer[] = [];
    const reader = new MultipartReader('multipart/x-mixed-replace; boundary=b');
    for (let i = 0; i < 5000; i++) {
      const part = Buffer.concat([
        Buffer.from('--b\r\nContent-Length: 40\r\n\r\n\xff\xd8', 'latin1'),
        Buffer.alloc(38, i),
      ]);
      reader.push(part, (picture) => found.push(picture));
    }
    expect(found).toHaveLength(5000);
    expect(found.every((picture, i) => picture.length === 40 && picture[39] === i % 256)).toBe(true);
  });

  it('gives up on what is no picture and on what has no boundary', () => {
    const reader = (): MultipartReader => new MultipartReader('multipart/x-mixed-replace; boundary=b');
    expect(() => reader().push(Buffer.from('--b\r\nContent-Length: 5\r\n\r\n<html'), () => {})).toThrow();
    expect(() => reader().push(Buffer.from('--b\r\nContent-Length: 99999999999\r\n\r\n'), () => {})).toThrow();
    expect(() => reader().push(Buffer.alloc(20_000), () => {})).toThrow();
    const endless = reader();
    endless.push(Buffer.from('--b\r\n\r\n\xff\xd8', 'latin1'), () => {});
    expect(() => endless.push(Buffer.alloc(9 << 20), () => {})).toThrow('too large');
  });
});
