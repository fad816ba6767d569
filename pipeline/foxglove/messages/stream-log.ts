import type { DepthFrame } from '../../../frames/index.ts';

/** Something worth a line that happened to a stream. */
export interface LogEntry {
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/** Turns the frames of a stream into the few lines that tell what changed: who answers, and why not the other. */
export class StreamLog {
  #last: DepthFrame | undefined;
  #knewCamera: boolean | undefined;

  /** What changed with this frame; mostly nothing. */
  next(answer: DepthFrame): LogEntry[] {
    const last = this.#last;
    this.#last = answer;
    const { frame, depth, estimator, fallbackReason } = answer;
    const lines: LogEntry[] = [];
    const knowsCamera = frame.intrinsics !== undefined;
    if (!last || last.depth.kind !== depth.kind || last.depth.width !== depth.width) {
      const unit = depth.kind === 'metric' ? 'metres' : `${depth.kind} depth of unknown scale`;
      lines.push({ level: 'info', message: `${depth.width}x${depth.height} depth, ${unit}` });
    }
    if (!knowsCamera && this.#knewCamera !== false) {
      lines.push({ level: 'warning', message: 'the camera is not known, so there are no points: give --intrinsics' });
    }
    this.#knewCamera = knowsCamera;
    if (frame.segmentStart) lines.push({ level: 'info', message: `new stretch: ${frame.segmentStart}` });
    if (fallbackReason !== last?.fallbackReason || estimator !== last?.estimator) {
      lines.push(
        fallbackReason
          ? { level: 'warning', message: `${estimator} answers (${fallbackReason})` }
          : { level: 'info', message: `${estimator} answers` },
      );
    }
    return lines;
  }
}
