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
export { type DepthStreamOptions, depthStream } from './pipeline/depth-stream.ts';
export { framesOf } from './pipeline/frames-of.ts';
export { type DepthServer, type ServerOptions, startServer } from './pipeline/server/depth-server.ts';
export type { StreamHub, StreamStatus } from './pipeline/server/stream-hub.ts';
export type { FolderSink } from './pipeline/sinks/folder/folder-sink.ts';
export { openResults, type ResultsFolder } from './pipeline/sinks/folder/results-folder.ts';
export { sinksNamed } from './pipeline/sinks/registry.ts';
export type {
  Camera,
  CameraInfo,
  CameraReadOptions,
  CameraState,
  CameraStatus,
  Footage,
  FootageInfo,
  FrameSource,
  ReadOptions,
  SourceInfo,
} from './pipeline/sources/frame-source.ts';
export { isCamera } from './pipeline/sources/frame-source.ts';
export { openFootage, openSource } from './pipeline/sources/registry.ts';
