/** H.264 for fake cameras: Annex B taken apart into pictures, and pictures into RTP packets (RFC 6184). */

const PAYLOAD = 1400;

/** NAL units of each picture, delimiters left out. The file needs one before each picture (x264: `aud=1`). */
export function accessUnits(stream: Buffer): Buffer[][] {
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

/** Parameter sets of the first picture, for the description of the stream. */
export function parameterSets(pictures: readonly (readonly Buffer[])[]): string {
  const sets = (pictures[0] ?? []).filter((nal) => [7, 8].includes(nal[0]! & 31));
  return sets.map((nal) => nal.toString('base64')).join(',');
}

/** Whether a picture can be decoded by itself. */
export function isKey(picture: readonly Buffer[]): boolean {
  return picture.some((nal) => (nal[0]! & 31) === 5);
}

/** RTP packets of one picture. `time` is in units of 1/90000 s. */
export function rtpPackets(picture: readonly Buffer[], time: number, sequence: () => number): Buffer[] {
  const packets: Buffer[] = [];
  const add = (payload: readonly Buffer[], marker: boolean): void => {
    const head = Buffer.alloc(12);
    head[0] = 0x80;
    head[1] = (marker ? 0x80 : 0) | 96;
    head.writeUInt16BE(sequence() & 0xffff, 2);
    head.writeUInt32BE(time >>> 0, 4);
    head.writeUInt32BE(0x5eed, 8);
    packets.push(Buffer.concat([head, ...payload]));
  };
  picture.forEach((nal, i) => {
    const last = i === picture.length - 1;
    if (nal.length <= PAYLOAD) {
      add([nal], last);
      return;
    }
    // FU-A: the NAL unit's first byte is taken apart into the two that each fragment begins with.
    for (let at = 1; at < nal.length; at += PAYLOAD) {
      const end = at + PAYLOAD >= nal.length;
      const head = Buffer.from([(nal[0]! & 0xe0) | 28, (at === 1 ? 0x80 : 0) | (end ? 0x40 : 0) | (nal[0]! & 31)]);
      add([head, nal.subarray(at, at + PAYLOAD)], last && end);
    }
  });
  return packets;
}

/** An RTCP sender report. */
export function senderReport(time: number, packets: number): Buffer {
  const report = Buffer.alloc(28);
  report[0] = 0x80;
  report[1] = 200;
  report.writeUInt16BE(6, 2);
  report.writeUInt32BE(0x5eed, 4);
  report.writeUInt32BE(Math.floor(Date.now() / 1000) + 2_208_988_800, 8);
  report.writeUInt32BE(time >>> 0, 16);
  report.writeUInt32BE(packets >>> 0, 20);
  return report;
}
