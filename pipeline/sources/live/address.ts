import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6, type LookupFunction } from 'node:net';
import { DepthcastError } from '../../../frames/index.ts';

/** One address of a host. */
export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Where a connection goes: resolved once, so that a name cannot lead elsewhere between the check and the connection. */
export interface PinnedPlace {
  /** The host as the URL has it, without brackets. */
  readonly name: string;
  /** Its addresses that may be connected to, at least one, in the order in which they are tried. */
  readonly addresses: readonly HostAddress[];
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
 * names the host, the address or `host:port`. Of several addresses those that are not allowed are left out. A name
 * server that does not answer is given up when `signal` aborts.
 *
 * Throws `source-unreachable` for an unknown name and `source-refused` for a place that is not allowed.
 */
export async function pinned(url: URL, allowHosts: readonly string[], signal: AbortSignal): Promise<PinnedPlace> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (PORTS[url.protocol] ?? 0) : Number(url.port);
  const found = await inTime(lookup(name, { all: true }), signal).catch((cause: NodeJS.ErrnoException) => {
    throw new DepthcastError('source-unreachable', `The host ${name} is not known.`, {
      advice: 'Check the host in the URL.',
      facts: { host: name, code: cause.code },
    });
  });
  const named = (address: string): boolean =>
    [name, address, `${name}:${port}`, `${address}:${port}`].some((text) => allowHosts.includes(text));
  // An IPv4 address in IPv6 clothing counts as what it is inside.
  const possible = found.filter(
    ({ address }) => named(address) || !never.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'),
  );
  if (possible.length === 0) {
    const address = found[0]?.address ?? 'none';
    throw refused(`${name} is the address ${address}, which no camera has`, { host: name, address });
  }
  const goodPort = port >= 1 && (port >= 1024 || LOW_PORTS.has(port));
  const addresses = possible
    .filter(({ address }) => goodPort || named(address))
    .map(({ address, family }): HostAddress => ({ address, family: family === 6 ? 6 : 4 }));
  if (addresses.length === 0) throw refused(`Port ${port} of ${name} belongs to another service`, { host: name, port });
  return { name, addresses, port };
}

/** Milliseconds after which the next of several addresses is tried. */
const NEXT_AFTER = 400;

/**
 * What Node's `connect` and `request` are told of it: the name, for certificates, with a look-up that knows nothing but
 * the addresses that were checked, which Node tries in turn.
 */
export function connectOptions({ name, addresses, port }: PinnedPlace): {
  host: string;
  port: number;
  lookup: LookupFunction;
  autoSelectFamily: boolean;
  autoSelectFamilyAttemptTimeout: number;
} {
  return {
    host: name,
    port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_AFTER,
    lookup: (_host, options, done) => {
      if (options.all) done(null, [...addresses]);
      else done(null, addresses[0]!.address, addresses[0]!.family);
    },
  };
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

function refused(what: string, facts: Readonly<Record<string, unknown>>): DepthcastError {
  return new DepthcastError('source-refused', `${what}; it is not connected to.`, {
    advice: 'If it is a camera all the same, name it with the option allowHosts.',
    facts,
  });
}
