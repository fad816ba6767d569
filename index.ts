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
  ViewWish,
  WindowGap,
} from './frames/index.ts';
export { DepthcastError, Flow, scaleIntrinsics } from './frames/index.ts';
export { type PointCloud, pointCloud } from './frames/point-cloud.ts';
export type { CardPart, ModelCard } from './models/card.ts';
export type { DepthModel } from './models/depth-model.ts';
export type { FoundModel } from './models/found-model.ts';
export type { InferenceClient } from './models/inference-client.ts';
export type { InferenceStatistics } from './models/inference-messages.ts';
export { type OpenModelOptions, openModel } from './models/registry.ts';
export * from './operators/index.ts';
export { type IntrinsicsAt, openIntrinsics, readIntrinsics } from './pipeline/datasets/intrinsics-text.ts';
export { type DepthStreamOptions, depthStream } from './pipeline/depth-stream.ts';
export type { FfmpegBinary } from './pipeline/ffmpeg/locate.ts';
export type { FollowedServer, FollowedStream } from './pipeline/foxglove/follow-streams.ts';
export {
  type FoxgloveDoor,
  type FoxgloveOptions,
  type FoxgloveStatus,
  foxgloveDoor,
} from './pipeline/foxglove/foxglove-door.ts';
export type { ContentOptions } from './pipeline/foxglove/messages/stream-content.ts';
export { type Recorder, type RecorderStatus, type RecordOptions, recordTo } from './pipeline/foxglove/record-to.ts';
export type { RecordingLoss, StreamRecordingStatus } from './pipeline/foxglove/stream-recording.ts';
export { framesOf } from './pipeline/frames-of.ts';
export {
  type Applied,
  type LiveHub,
  LiveStreams,
  type LiveStreamsParts,
  type OpenedPlan,
  type StreamServer,
} from './pipeline/live/live-streams.ts';
export type { SourceCounters } from './pipeline/live/source-totals.ts';
export type { LiveLog, StreamPlan } from './pipeline/live/stream-plan.ts';
export type { LiveState, StreamReport as LiveReport } from './pipeline/live/stream-report.ts';
export { type DepthServer, type ServerOptions, startServer } from './pipeline/server/depth-server.ts';
export type { EncodingOptions } from './pipeline/server/frame-encoder.ts';
export type { MessageCounts, MessageLoss } from './pipeline/server/message-counts.ts';
export type { SocketDoor } from './pipeline/server/socket-door.ts';
export type { StreamHub, StreamReport, StreamState, StreamStatus } from './pipeline/server/stream-hub.ts';
export type { GivenToken, GivenTokens } from './pipeline/server/tokens.ts';
export type { FolderSink, FolderSinkOptions } from './pipeline/sinks/folder/folder-sink.ts';
export type { MetaFile, RunEnd, RunIdentity, RunMeta } from './pipeline/sinks/folder/meta-file.ts';
export { openResults, type ResultsFolder, type ResultsOptions } from './pipeline/sinks/folder/results-folder.ts';
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
export type { CameraCounters, CameraReading } from './pipeline/telemetry/camera-reading.ts';
export { type DropStage, type StageName, type StreamTelemetry, Telemetry } from './pipeline/telemetry/telemetry.ts';
