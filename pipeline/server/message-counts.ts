/**
 * Why a viewer did not get a message: `slow` = its line was busy until a newer one came, `rate` = it asked for fewer,
 * `encode` = a newer frame came before this one was packed, or it could not be, `closed` = it left first.
 */
export type MessageLoss = 'slow' | 'rate' | 'encode' | 'closed';

/** Messages of a seat, or of all seats of a stream. `offered` = sent + lost + those that wait. */
export interface MessageCounts {
  offered: number;
  sent: number;
  sentBytes: number;
  readonly lost: Record<MessageLoss, number>;
}

/** Counts with nothing in them. */
export function noMessages(): MessageCounts {
  return { offered: 0, sent: 0, sentBytes: 0, lost: { slow: 0, rate: 0, encode: 0, closed: 0 } };
}

/** Adds some counts to others. */
export function addMessages(to: MessageCounts, { offered, sent, sentBytes, lost }: MessageCounts): void {
  to.offered += offered;
  to.sent += sent;
  to.sentBytes += sentBytes;
  for (const reason of Object.keys(lost) as MessageLoss[]) to.lost[reason] += lost[reason];
}
