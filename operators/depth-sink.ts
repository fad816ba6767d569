import type { DepthFrame } from '../frames/index.ts';

/** Where the answers of finite footage end: files, mostly. */
export interface DepthSink {
  /** Resolves once the frame is safe; it is never called again before that. A rejection ends this sink. */
  write(frame: DepthFrame): Promise<void>;
  /** Called once after the last write, also after a rejected one; resolves once everything is on disk. */
  close(): Promise<void>;
}
