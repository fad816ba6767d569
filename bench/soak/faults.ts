import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeCamera } from '../fake-camera/fake-camera.ts';
import type { Audience } from './audience.ts';
import type { Service } from './service.ts';

/** What a fault may do its harm to. */
export interface Stage {
  readonly service: Service;
  readonly audience: Audience;
  readonly config: { readonly path: string; readonly text: string };
  /** 0 to 1, the same for the same seed. */
  readonly random: () => number;
}

/** A fault of one camera. It resolves when the fault is over; frames must then come again. */
export interface CameraFault {
  readonly name: string;
  readonly play: (camera: FakeCamera, holdMs: number) => Promise<void>;
  /** The stream must be said to stall while it lasts: noticing is timed. */
  readonly stalls?: boolean;
}

/** Plays `begin`, waits, plays `end`. */
const holding =
  (begin: (camera: FakeCamera) => unknown, end: (camera: FakeCamera) => unknown): CameraFault['play'] =>
  async (camera, holdMs) => {
    await begin(camera);
    await sleep(holdMs);
    await end(camera);
  };

/** What cameras and networks do. Numbers as in the table of docs/reliability.md. */
export const cameraFaults: readonly CameraFault[] = [
  {
    name: '2 camera gone and back',
    play: holding(
      (camera) => camera.close(),
      (camera) => camera.listen(),
    ),
  },
  {
    name: '3 camera frozen',
    stalls: true,
    play: holding(
      (camera) => {
        camera.frozen = true;
      },
      (camera) => {
        camera.frozen = false;
      },
    ),
  },
  {
    name: '4 no video, RTCP alive',
    stalls: true,
    play: holding(
      (camera) => {
        camera.muted = true;
      },
      (camera) => {
        camera.muted = false;
      },
    ),
  },
  {
    name: '3 network stood still, then all at once',
    stalls: true,
    play: holding(
      (camera) => {
        camera.held = true;
      },
      (camera) => {
        camera.held = false;
      },
    ),
  },
  {
    name: '5 accepts and never answers',
    play: async (camera, holdMs) => {
      camera.mute = true;
      camera.kick('reset');
      await sleep(holdMs);
      camera.mute = false;
    },
  },
  { name: '6 connection reset', play: async (camera) => camera.kick('reset') },
  { name: '2 connection closed', play: async (camera) => camera.kick('end') },
  {
    name: '9 damaged pictures',
    play: holding(
      (camera) => {
        camera.corrupt = 0.1;
      },
      (camera) => {
        camera.corrupt = 0;
      },
    ),
  },
  {
    name: '10 lost packets',
    play: holding(
      (camera) => {
        camera.drop = 0.05;
      },
      (camera) => {
        camera.drop = 0;
      },
    ),
  },
  {
    name: '11 clock jumps ahead',
    play: async (camera) => {
      camera.timeShift += 100;
    },
  },
  {
    name: '11 clock jumps back',
    play: async (camera) => {
      camera.timeShift -= 2;
    },
  },
  {
    name: '12 rate changes',
    play: holding(
      (camera) => camera.setRate(25),
      (camera) => camera.setRate(10),
    ),
  },
];

/** A fault of the service's surroundings. */
export interface ServiceFault {
  readonly name: string;
  readonly play: (stage: Stage) => Promise<void>;
}

const oneDecoder = async ({ service, random }: Stage): Promise<number | undefined> => {
  const decoders = await service.decoders();
  return decoders[Math.floor(random() * decoders.length)];
};

const signalDecoder = async (stage: Stage, signal: NodeJS.Signals): Promise<void> => {
  const pid = await oneDecoder(stage);
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
};

const withSpare = async (stage: Stage, harm: (at: number) => void): Promise<void> => {
  const at = stage.audience.spare(stage.random);
  if (at !== undefined) harm(at);
};

/** What processes, viewers and operators do. */
export const serviceFaults: readonly ServiceFault[] = [
  { name: '14 ffmpeg killed', play: (stage) => signalDecoder(stage, 'SIGKILL') },
  { name: '15 ffmpeg stopped', play: (stage) => signalDecoder(stage, 'SIGSTOP') },
  {
    name: '20 viewer stops reading',
    play: (stage) => withSpare(stage, (at) => stage.audience.stall(at, 3000)),
  },
  { name: '23 viewer vanishes', play: (stage) => withSpare(stage, (at) => stage.audience.vanish(at)) },
  {
    name: '25 viewer talks nonsense',
    play: (stage) => withSpare(stage, (at) => stage.audience.babble(at, '{"op":"subscribe","size":[]}')),
  },
  {
    name: '25 viewer sends 5000 bytes',
    play: (stage) => withSpare(stage, (at) => stage.audience.babble(at, 'x'.repeat(5000))),
  },
  { name: '33 reload, nothing changed', play: async ({ service }) => service.signal('SIGHUP') },
  {
    name: '33 reload, broken config',
    play: async ({ service, config }) => {
      await writeFile(config.path, 'streams: [');
      service.signal('SIGHUP');
      await sleep(500);
      await writeFile(config.path, config.text);
    },
  },
];
