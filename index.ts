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
  StreamNews,
  WindowGap,
} from './frames/index.ts';
export { DepthcastError, Flow, scaleIntrinsics } from './frames/index.ts';
export type { DepthModel } from './models/depth-model.ts';
export { openModel } from './models/registry.ts';
export * from './operators/index.ts';
export { type DepthStreamOptions, depthStream } from './pipeline/depth-stream.ts';
export { type FoxgloveDoor, type FoxgloveOptions, foxgloveDoor } from './pipeline/foxglove/foxglove-door.ts';
export { type Recorder, type RecorderStatus, type RecordOptions, recordTo } from './pipeline/foxglove/record-to.ts';
export { framesOf } from './pipeline/frames-of.ts';
export { type Applied, LiveStreams, type LiveStreamsParts } from './pipeline/live/live-streams.ts';
export type { LiveLog, StreamPlan } from './pipeline/live/stream-plan.ts';
export type { LiveState, StreamReport as LiveReport } from './pipeline/live/stream-report.ts';
export { type DepthServer, type ServerOptions, type SocketDoor, startServer } from './pipeline/server/depth-server.ts';
export type { StreamHub, StreamReport, StreamStatus } from './pipeline/server/stream-hub.ts';
export type { GivenToken, GivenTokens } from './pipeline/server/tokens.ts';
export { type PointCloud, pointCloud } from './pipeline/sinks/cloud/point-cloud.ts';
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
export type { CameraOptions } from './pipeline/sources/live/camera-options.ts';
export type { OpenOptions } from './pipeline/sources/reading/source-kind.ts';
export { openFootage, openSource } from './pipeline/sources/registry.ts';
export { type StreamTelemetry, Telemetry } from './pipeline/telemetry/telemetry.ts';
