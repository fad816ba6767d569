import { DepthcastError } from '../../frames/index.ts';
import type { Environment } from './folders.ts';

/**
 * The proxy for a URL by the usual variables: `HTTPS_PROXY` or `HTTP_PROXY` by the URL's protocol, else `ALL_PROXY`,
 * each in small letters first; `NO_PROXY` lists hosts that go without (`*`, `host`, `.domain`, `host:port`).
 *
 * Throws `option-invalid` where the variable is no http or https URL (socks is not spoken).
 */
export function proxyFor(url: URL, environment: Environment = process.env): URL | undefined {
  const read = (name: string): string | undefined => environment[name] || environment[name.toUpperCase()] || undefined;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const said = read(name) ?? read('all_proxy');
  if (said === undefined || goesWithout(url, read('no_proxy') ?? '')) return undefined;
  const text = said.includes('://') ? said : `http://${said}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
  throw new DepthcastError('option-invalid', 'The proxy variable holds no http or https URL.', {
    advice: `Set ${name.toUpperCase()} to something like http://proxy.example:3128, or list the host in NO_PROXY.`,
  });
}

function goesWithout({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  const ownPort = port || (protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = entry, entryPort] = /^(.*):(\d+)$/.exec(entry) ?? [];
      // An IPv6 address holds colons of its own.
      const [wanted, wantedPort] = name.includes(':') ? [entry, undefined] : [name, entryPort];
      if (wantedPort !== undefined && wantedPort !== ownPort) return false;
      const bare = wanted.replace(/^\*?\./, '').replace(/^\[|\]$/g, '');
      return host === bare || host.endsWith(`.${bare}`);
    });
}
