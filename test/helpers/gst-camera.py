"""An RTSP camera by GStreamer, for tests against a server that is not ours.

python3 gst-camera.py FILE.h264 FPS [USER PASSWORD [CERT KEY]]; prints its port, takes `freeze`, `resume` and `quit` on
stdin. With a certificate and its key (PEM) it speaks RTSPS.
Debian: python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good, for RTSPS glib-networking
"""
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
path, fps = sys.argv[1], int(sys.argv[2])
data = open(path, "rb").read()
marks = []
at = data.find(b"\0\0\0\1\x09")
while at >= 0:
    marks.append(at)
    at = data.find(b"\0\0\0\1\x09", at + 5)
units = [data[start:end] for start, end in zip(marks, marks[1:] + [len(data)])]
state = {"frozen": False}


class Factory(GstRtspServer.RTSPMediaFactory):
    def do_create_element(self, url):
        launch = (
            "( appsrc name=src is-live=true format=time block=false "
            "caps=video/x-h264,stream-format=byte-stream,alignment=au "
            "! rtph264pay name=pay0 pt=96 config-interval=0 )"
        )
        return Gst.parse_launch(launch)

    def do_configure(self, media):
        src = media.get_element().get_child_by_name("src")
        step = Gst.SECOND // fps
        begin = GLib.get_monotonic_time()
        sent = [0]

        def tick():
            due = (GLib.get_monotonic_time() - begin) * fps // 1_000_000
            while sent[0] <= due:
                if not state["frozen"]:
                    unit = units[sent[0] % len(units)]
                    buffer = Gst.Buffer.new_wrapped(unit)
                    buffer.pts = buffer.dts = sent[0] * step
                    buffer.duration = step
                    if src.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                        return False
                sent[0] += 1
            return True

        GLib.timeout_add(1000 // fps // 2, tick)


server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service("0")
factory = Factory()
if len(sys.argv) > 4:
    auth = GstRtspServer.RTSPAuth.new()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_digest(sys.argv[3], sys.argv[4], token)
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    if len(sys.argv) > 6:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(sys.argv[5], sys.argv[6]))
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
loop = GLib.MainLoop()
print(server.get_bound_port(), flush=True)


def commands():
    for line in sys.stdin:
        word = line.strip()
        if word in ("freeze", "resume"):
            state["frozen"] = word == "freeze"
        elif word == "quit":
            break
    loop.quit()


threading.Thread(target=commands, daemon=True).start()
loop.run()
