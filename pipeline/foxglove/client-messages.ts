/** What a client asked for, as far as it is understood. */
export type ClientWish =
  | { readonly op: 'subscribe'; readonly subscriptions: readonly { readonly id: number; readonly channelId: number }[] }
  | { readonly op: 'unsubscribe'; readonly subscriptionIds: readonly number[] }
  /** Known to the protocol, of no effect here. */
  | { readonly op: 'ignored' }
  | { readonly op: 'wrong'; readonly why: string };

/** Ops of the protocol for what this server does not offer and that a client may send all the same. */
const IGNORED = new Set([
  'getParameters',
  'setParameters',
  'subscribeParameterUpdates',
  'unsubscribeParameterUpdates',
  'subscribeConnectionGraph',
  'unsubscribeConnectionGraph',
]);

/** Reads a client's text message; anything at all may be in it. */
export function parseWish(text: string): ClientWish {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { op: 'wrong', why: 'A message is not JSON.' };
  }
  const { op, subscriptions, subscriptionIds } = (message ?? {}) as Record<string, unknown>;
  if (op === 'subscribe' && Array.isArray(subscriptions)) {
    const wanted = subscriptions.map((each: unknown) => (each ?? {}) as { id: unknown; channelId: unknown });
    if (wanted.every(({ id, channelId }) => isId(id) && isId(channelId))) {
      return { op, subscriptions: wanted as { id: number; channelId: number }[] };
    }
  }
  if (op === 'unsubscribe' && Array.isArray(subscriptionIds) && subscriptionIds.every(isId)) {
    return { op, subscriptionIds };
  }
  if (typeof op === 'string' && IGNORED.has(op)) return { op: 'ignored' };
  const named = typeof op === 'string' ? `"${op.slice(0, 40)}"` : 'A message without op';
  return { op: 'wrong', why: `${named} is not understood here.` };
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff;
}
