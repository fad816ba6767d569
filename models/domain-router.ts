import type { RouterRule } from './card.ts';
import type { Picture } from './picture.ts';

/** Streams that are remembered; the one that was silent longest goes first. */
const mostStreams = 64;

/** Where one stream stands. */
interface Standing {
  /** Position of the answer it gets. */
  present: number;
  /** Who has led, and on how many frames in a row. */
  rival: number;
  lead: number;
}

/**
 * Decides which of a graph's answers each stream gets (ZoeDepth NK: indoors or outdoors).
 *
 * The most probable domain of a stretch's first frame is kept until another is more probable by a margin on several
 * frames in a row: near the border a decision a frame would make depth jump between two networks. A scene cut or a gap
 * in time begins anew.
 */
export class DomainRouter {
  readonly #rule: RouterRule;
  readonly #streams = new Map<string, Standing>();

  constructor(rule: RouterRule) {
    this.#rule = rule;
  }

  /** Position in the rule's `answers` for this picture. Logits that are no numbers change nothing. */
  choose({ stream, starts }: Pick<Picture, 'stream' | 'starts'>, logits: ArrayLike<number>): number {
    const share = softmax(logits);
    const leader = share.indexOf(Math.max(...share));
    const known = starts ? undefined : this.#streams.get(stream);
    const standing = known ?? { present: Math.max(0, leader), rival: -1, lead: 0 };
    // Set anew each time, so that the map's order is that of use.
    this.#streams.delete(stream);
    this.#streams.set(stream, standing);
    if (this.#streams.size > mostStreams) this.#streams.delete(this.#streams.keys().next().value!);

    const ahead = leader >= 0 && share[leader]! - share[standing.present]! > this.#rule.margin;
    if (!ahead || leader === standing.present) {
      standing.lead = 0;
      return standing.present;
    }
    standing.lead = leader === standing.rival ? standing.lead + 1 : 1;
    standing.rival = leader;
    if (standing.lead >= this.#rule.frames) {
      standing.present = leader;
      standing.lead = 0;
    }
    return standing.present;
  }

  reset(): void {
    this.#streams.clear();
  }
}

function softmax(logits: ArrayLike<number>): number[] {
  const most = Math.max(...Array.from(logits));
  const shares = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = shares.reduce((all, share) => all + share, 0);
  return shares.map((share) => share / sum);
}
