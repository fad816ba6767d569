/** The library: `import { … } from 'depthcast'`. Everything public is listed here by hand. */
export type {
  CameraIntrinsics,
  CameraPose,
  Consistency,
  DepthFrame,
  DepthKind,
  DepthMap,
  ErrorCode,
  FallbackReason,
  Frame,
  FrameWindow,
  MissedFrame,
  SegmentStart,
  Size,
  WindowGap,
} from './frames/index.ts';
export { DepthcastError, Flow, scaleIntrinsics } from './frames/index.ts';
export type { DepthModel } from './models/depth-model.ts';
export { openModel } from './models/registry.ts';
export * from './operators/index.ts';
export { depthStream, type DepthStreamOptions } from './pipeline/depth-stream.ts';
export { framesOf } from './pipeline/frames-of.ts';
export { type DepthServer, startServer } from './pipeline/server/depth-server.ts';
export type { FrameSource, ReadOptions, SourceInfo } from './pipeline/sources/frame-source.ts';
export { openSource } from './pipeline/sources/registry.ts';
