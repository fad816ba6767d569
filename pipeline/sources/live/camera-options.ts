import { DepthcastError } from '../../../frames/index.ts';

/** How a camera is connected to and watched. Times in milliseconds; everything has a default that suits a LAN. */
export interface CameraOptions {
  /** How RTSP carries the pictures: inside its own connection (default), or beside it as UDP. */
  readonly transport?: 'tcp' | 'udp' | undefined;
  /** From the beginning of a try to its first picture; default 10 000. A camera sends its next key frame when it likes. */
  readonly startTimeoutMs?: number | undefined;
  /** Without a picture after which the connection is given up; default 2000. Longer for cameras below 1 frame a second. */
  readonly stallTimeoutMs?: number | undefined;
  /** Age of a picture beyond which it is let go instead of published; default 1000. */
  readonly staleAfterMs?: number | undefined;
  /** Shortest and longest wait between two tries; default 500 and 30 000. */
  readonly retry?: { readonly leastMs: number; readonly mostMs: number } | undefined;
  /** Wait after a refused login, so that no camera locks the account; default 30 000. */
  readonly loginRetryMs?: number | undefined;
  /**
   * Hosts or addresses that are allowed though they are refused by default: link-local (169.254.0.0/16, fe80::/10, where
   * clouds keep their secrets), multicast and unspecified addresses.
   */
  readonly allowHosts?: readonly string[] | undefined;
  /** Takes any TLS certificate (rtsps, https, rtmps), as cameras have that signed their own; default false. */
  readonly insecureTls?: boolean | undefined;
}

/** {@link CameraOptions} with every default filled in. */
export interface CameraSettings {
  readonly transport: 'tcp' | 'udp';
  readonly startTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly staleAfterMs: number;
  readonly retry: { readonly leastMs: number; readonly mostMs: number };
  readonly loginRetryMs: number;
  readonly allowHosts: readonly string[];
  readonly insecureTls: boolean;
}

/** Fills the defaults in. Throws `option-invalid`. */
export function cameraSettings(options: CameraOptions = {}): CameraSettings {
  const settings: CameraSettings = {
    transport: options.transport ?? 'tcp',
    startTimeoutMs: options.startTimeoutMs ?? 10_000,
    stallTimeoutMs: options.stallTimeoutMs ?? 2000,
    staleAfterMs: options.staleAfterMs ?? 1000,
    retry: options.retry ?? { leastMs: 500, mostMs: 30_000 },
    loginRetryMs: options.loginRetryMs ?? 30_000,
    allowHosts: options.allowHosts ?? [],
    insecureTls: options.insecureTls ?? false,
  };
  const times = {
    startTimeoutMs: settings.startTimeoutMs,
    stallTimeoutMs: settings.stallTimeoutMs,
    staleAfterMs: settings.staleAfterMs,
    'retry.leastMs': settings.retry.leastMs,
    'retry.mostMs': settings.retry.mostMs,
    loginRetryMs: settings.loginRetryMs,
  };
  for (const [option, value] of Object.entries(times)) {
    if (!Number.isFinite(value) || value < 10 || value > 86_400_000) {
      throw wrong(option, value, 'It is a number of milliseconds from 10 to a day.');
    }
  }
  if (settings.retry.leastMs > settings.retry.mostMs) {
    throw wrong('retry', `${settings.retry.leastMs}..${settings.retry.mostMs}`, 'The least comes first.');
  }
  if (settings.transport !== 'tcp' && settings.transport !== 'udp') {
    throw wrong('transport', settings.transport, 'It is tcp or udp.');
  }
  return settings;
}

function wrong(option: string, value: unknown, advice: string): DepthcastError {
  return new DepthcastError('option-invalid', `The camera option ${option} is ${String(value)}.`, {
    advice,
    facts: { option, value },
  });
}
