import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server that is not ours, so that camera and player cannot share a misunderstanding of the protocol. */
const SERVER = fileURLToPath(new URL('gst-camera.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

const VERSIONS = "gi.require_version('Gst','1.0'); gi.require_version('GstRtspServer','1.0')";
const LOOK = `import gi; ${VERSIONS}; from gi.repository import Gst, GstRtspServer; Gst.init(None); exit(0 if Gst.ElementFactory.find('rtph264pay') else 1)`;
const LOOK_TLS = `${LOOK.slice(0, LOOK.lastIndexOf('; exit'))}; from gi.repository import Gio; exit(0 if Gio.TlsBackend.get_default().supports_tls() else 1)`;

/** Whether this machine has GStreamer's RTSP server, and with `tls` one that speaks RTSPS; says aloud where it does not. */
export function hasGstCamera({ tls = false } = {}): boolean {
  try {
    execFileSync(PYTHON, ['-c', tls ? LOOK_TLS : LOOK], { stdio: 'ignore' });
    return true;
  } catch {
    const packages = 'python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good';
    console.warn(`skipped: cameras of GStreamer need ${packages}${tls ? ' glib-networking' : ''} (Debian)`);
    return false;
  }
}

/** Starts it on H.264 of 25 pictures a second; what else it takes stands in gst-camera.py. The caller ends it. */
export async function startGstCamera(
  file: string,
  ...args: readonly string[]
): Promise<{ readonly server: ChildProcess; readonly port: number }> {
  const server = spawn(PYTHON, [SERVER, file, '25', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [line] = (await once(server.stdout!, 'data')) as [Buffer];
  return { server, port: Number(line.toString()) };
}
