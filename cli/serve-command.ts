import { Command } from 'commander';
import { addStreamOptions, saidOptions } from './options.ts';
import { serve } from './serve.ts';

/** `depthcast serve`: depth of one or more sources, live, with a viewer and a WebSocket a stream on one port. */
export function serveCommand(done: (exitCode: number) => void): Command {
  return addStreamOptions(
    new Command('serve')
      .description('Live depth of cameras and files, with a viewer and one WebSocket a stream on one port.')
      .argument('[source...]', 'what to show; NAME=SOURCE names a stream, others are called 1, 2, … in order')
      .option('--host <host>', 'address to listen on (default: 127.0.0.1, which only this machine reaches)')
      .option('--public', 'needed beside a --host that others reach')
      .option('--port <port>', 'port to listen on, 0 = any free one (default: 8080)')
      .option('--token-file <file>', 'who may come in: lines "viewer TOKEN" and "admin TOKEN"')
      .option('--no-token', 'needed beside --public where there is no viewer token: anyone may watch')
      .option('--tls-cert <file>', 'certificate chain (PEM): https and wss only')
      .option('--tls-key <file>', 'key of the certificate (PEM)')
      .option('--origin <origins>', 'other pages that may watch, e.g. https://example.org,https://other.example')
      .option('--max-viewers <n>', 'viewers at once (default: 200)')
      .option('--max-viewers-per-address <n>', 'of those, from one address; behind a proxy all have one (default: 50)')
      .option('--transport <name>', 'how RTSP carries the pictures: tcp or udp (default: tcp)')
      .option('--start-timeout-ms <ms>', 'from connecting to the first picture (default: 10000)')
      .option('--stall-timeout-ms <ms>', 'without a picture after which a camera is connected anew (default: 2000)')
      .option('--stale-after-ms <ms>', "age from which a camera's picture is not shown as live (default: 1000)")
      .option('--insecure-tls', 'take any certificate of a camera (rtsps, https, rtmps), as those signed by themselves')
      .option('--budget-ms <ms>', 'time for a window, after which the fallback answers (default: no limit)')
      .option('--record <dir>', 'write what is shown into MCAP files there')
      .option('--record-topics <topics>', 'of what is shown, only these, e.g. image,calibration,depth (default: all)')
      .option('--record-profile <name>', 'foxglove or ros2 (default: foxglove)')
      .option('--record-mb <n>', 'begin a new file after so many megabytes (default: 1000)')
      .option('--record-seconds <n>', 'and after so many seconds (default: 600)')
      .option('--stats', 'tell each second how the streams do')
      .option('--log-format <format>', 'text or json (default: text)')
      .option('--once', 'play files once instead of in a loop, and end when all sources have ended'),
  )
    .addHelpText(
      'after',
      `
Files are played at their own pace, in a loop. Nothing is made to wait: frames of files and cameras that nobody has time
for are let go and counted (depthcast run answers every frame of a file). A camera that is gone is connected again for
ever. Ctrl-C says goodbye to the viewers and ends with
exit code 0. SIGHUP, or POST /admin/reload, reads --config, --token-file and the certificate again;
with none of them, SIGHUP means that the terminal was closed, and ends it.

Tokens may also be given as DEPTHCAST_VIEWER_TOKEN and DEPTHCAST_ADMIN_TOKEN; \${NAME} in a source stands for that
environment variable, so that no password needs to be in the list of processes. RTMP is the exception: its user,
password and key are arguments of ffmpeg, where other users of this machine can read them.

Example:
  $ depthcast serve yard='rtsp://cam:\${YARD_PASSWORD}@192.0.2.7/stream' street=drive.mp4 --port 8080
  $ depthcast serve --config cameras.yaml --stats
`,
    )
    .action(async (sources: string[], _: unknown, command: Command) => {
      done(await serve(sources, saidOptions(command)));
    });
}
