"""Depth frames of a depthcast server as numpy arrays. Written from docs/protocol.md alone; needs numpy and websockets.

Usage: python3 depth_client.py ws://127.0.0.1:8080/streams/street [frames] [x y]
"""

import struct
import sys
import zlib
from typing import NamedTuple

import numpy
from websockets.sync.client import connect

KINDS = ("metric", "relative", "inverse")
FIELDS = struct.Struct("<4sBBHBBBBIIIddffHHHHddffffffIIBBBB")


class DepthFrame(NamedTuple):
    stream: str
    sequence: int
    timestamp: float
    kind: str
    estimator: str
    fallback_reason: str
    camera: tuple  # fx, fy, cx, cy; NaN where unknown
    consistency: float
    picture: bytes  # JPEG, or empty
    depth: numpy.ndarray  # height x width; metres for "metric", NaN where unknown


def decode(message: bytes) -> DepthFrame:
    (magic, version, message_type, header, kind, mapping, codec, _, sequence, _, _, timestamp, _, _, _, width, height,
     _, _, offset, scale, fx, fy, cx, cy, score, _, picture_size, depth_size, s, e, r, _) = FIELDS.unpack_from(message)
    if (magic, version, message_type) != (b"DCST", 1, 1) or codec > 1 or mapping > 1 or kind > 2:
        raise ValueError("not a depth message of version 1")
    ends = numpy.cumsum([header, s, e, r, picture_size, depth_size]).tolist()
    if ends[-1] != len(message):
        raise ValueError("the parts do not make the message")
    name, estimator, reason, picture, packed = (message[a:b] for a, b in zip(ends, ends[1:]))
    if codec == 0:
        codes = numpy.frombuffer(packed, "<u2").reshape(height, width).astype(numpy.int64)
    else:
        planes = numpy.frombuffer(zlib.decompress(packed, -15), numpy.uint8).reshape(2, height, width)
        folded = planes[0].astype(numpy.int64) * 256 + planes[1]
        residual = (folded >> 1) ^ -(folded & 1)
        codes = residual.cumsum(axis=1).cumsum(axis=0) & 0xFFFF
    values = offset + scale * codes
    depth = numpy.where(codes == 0, numpy.nan, values if mapping == 1 else 1 / values)
    return DepthFrame(name.decode(), sequence, timestamp, KINDS[kind], estimator.decode(), reason.decode(),
                      (fx, fy, cx, cy), score, picture, depth)


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8080/streams/street"
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    x, y = map(int, sys.argv[3:5]) if len(sys.argv) > 4 else (320, 150)
    with connect(url, subprotocols=["depthcast.v1"], max_size=None) as socket:
        for _ in range(wanted):
            frame = decode(socket.recv())
            unit = " m" if frame.kind == "metric" else ""
            print(f"{frame.sequence}\t{frame.timestamp:.2f} s\t{frame.depth[y, x]:.2f}{unit}\t{frame.estimator}")
