import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { DepthcastError } from '../../../frames/index.ts';

/** Where a connection goes: resolved once, so that a name cannot lead elsewhere between the check and the connection. */
export interface PinnedAddress {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/** Ports that each scheme uses where the URL names none. */
const PORTS: Readonly<Record<string, number>> = {
  'rtsp:': 554,
  'rtsps:': 322,
  'rtmp:': 1935,
  'rtmps:': 443,
  'http:': 80,
  'https:': 443,
};

/** Ports below 1024 that cameras use; behind the others sit mail, shells and name servers. */
const LOW_PORTS: ReadonlySet<number> = new Set([80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 322, 443, 554, 555]);

const never = new BlockList();
// Link-local, where clouds hand out their secrets, two that sit elsewhere, unspecified, multicast, broadcast.
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addAddress('100.100.100.200', 'ipv4');
never.addSubnet('0.0.0.0', 8, 'ipv4');
never.addSubnet('224.0.0.0', 3, 'ipv4');
never.addSubnet('fe80::', 10, 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6');
never.addAddress('::', 'ipv6');
never.addSubnet('ff00::', 8, 'ipv6');

/**
 * Resolves the host of a URL and checks where it leads. Loopback and private ranges are where cameras live and are
 * allowed; link-local, multicast and unspecified addresses and ports of other services are not, unless `allowHosts`
 * names the host, the address or `host:port`. A name server that does not answer is given up when `signal` aborts.
 *
 * Throws `source-unreachable` for an unknown name and `source-refused` for a place that is not allowed.
 */
export async function pinned(url: URL, allowHosts: readonly string[], signal: AbortSignal): Promise<PinnedAddress> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (PORTS[url.protocol] ?? 0) : Number(url.port);
  const found = await inTime(lookup(name), signal).catch((cause: NodeJS.ErrnoException) => {
    throw new DepthcastError('source-unreachable', `The host ${name} is not known.`, {
      advice: 'Check the host in the URL.',
      facts: { host: name, code: cause.code },
    });
  });
  const { address } = found;
  const family = found.family === 6 ? 6 : 4;
  const allowed = [name, address, `${name}:${port}`, `${address}:${port}`].some((text) => allowHosts.includes(text));
  if (!allowed && (never.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') || mapped(address))) {
    throw refused(`${name} is the address ${address}, which no camera has`, { host: name, address });
  }
  if (!allowed && (port < 1 || (port < 1024 && !LOW_PORTS.has(port)))) {
    throw refused(`Port ${port} of ${name} belongs to another service`, { host: name, port });
  }
  return { address, family, port };
}

/** A look-up cannot be called off; it is left to itself. */
function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(Object.assign(new Error('given up'), { code: 'ETIMEOUT' }));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** An IPv4 address in IPv6 clothing, of the refused ranges. */
function mapped(address: string): boolean {
  const inner = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return inner !== undefined && never.check(inner, 'ipv4');
}

function refused(what: string, facts: Readonly<Record<string, unknown>>): DepthcastError {
  return new DepthcastError('source-refused', `${what}; it is not connected to.`, {
    advice: 'If it is a camera all the same, name it with the option allowHosts.',
    facts,
  });
}
