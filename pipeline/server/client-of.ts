import { isIPv4, isIPv6 } from 'node:net';

/**
 * Whom an address stands for where clients are counted: itself for IPv4, its /64 for IPv6, since everybody who has one
 * IPv6 address has all 2^64 of its network.
 */
export function clientOf(address: string | undefined): string {
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIPv4(plain) || !isIPv6(plain)) return plain;
  const [left = '', right = ''] = plain.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === '' ? [] : right.split(':');
  const groups = plain.includes('::') ? [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail] : head;
  return `${groups.slice(0, 4).join(':')}::/64`;
}
