/** What a client asks the server for. What is left out is sent in full; a server that knows no wishes sends all. */
export interface Subscription {
  /** Streams wanted, on the address that carries several (`/streams`); `'*'` = all, also those that come later. */
  readonly streams?: readonly string[] | '*' | undefined;
  /** False leaves the JPEG out. */
  readonly picture?: boolean | undefined;
  /** False leaves the depth out. */
  readonly depth?: boolean | undefined;
  /** Length of the sides of picture and depth; `full` by default. */
  readonly size?: 'full' | 'half' | 'quarter' | undefined;
  /** Most messages a second and stream; as many as there are by default. */
  readonly maxFps?: number | undefined;
}

/** What a server says of a stream, e.g. that its camera is away. */
export interface StreamNews {
  readonly name: string;
  /** E.g. `live`, `waiting`, `stalled`, `ended`, `refused`; later servers may know more. */
  readonly state: string;
  /** Why it is not live, in a sentence, without secrets. */
  readonly fault?: string | undefined;
}

/** The text that asks for it. */
export function subscribeText(subscription: Subscription): string {
  return JSON.stringify({ op: 'subscribe', ...subscription });
}

/** The streams in a text message; `undefined` for any other text, which is for later versions of the protocol. */
export function streamNews(text: string): readonly StreamNews[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { op, streams } = (parsed ?? {}) as { readonly op?: unknown; readonly streams?: unknown };
  if (op !== 'streams' || !Array.isArray(streams)) return undefined;
  return streams.flatMap((entry: { name?: unknown; state?: unknown; fault?: unknown } | null) => {
    if (typeof entry?.name !== 'string') return [];
    const { name, state, fault } = entry;
    return [{ name, state: String(state), fault: faultText(fault) }];
  });
}

function faultText(fault: unknown): string | undefined {
  const text = (fault as { readonly message?: unknown } | null | undefined)?.message ?? fault;
  return typeof text === 'string' ? text : undefined;
}
