import type { ProtoEnum, ProtoMessage } from './protobuf.ts';

/*
 * The Foxglove messages that depthcast sends, by the numbers that Foxglove documents for its well-known schemas
 * (https://docs.foxglove.dev/docs/visualization/message-schemas/introduction).
 */

const TIMESTAMP: ProtoMessage = {
  name: 'google.protobuf.Timestamp',
  fields: [
    ['seconds', 1, 'int64'],
    ['nanos', 2, 'int32'],
  ],
};
const VECTOR3: ProtoMessage = {
  name: 'foxglove.Vector3',
  fields: [
    ['x', 1, 'double'],
    ['y', 2, 'double'],
    ['z', 3, 'double'],
  ],
};
const QUATERNION: ProtoMessage = {
  name: 'foxglove.Quaternion',
  fields: [...VECTOR3.fields, ['w', 4, 'double']],
};
const POSE: ProtoMessage = {
  name: 'foxglove.Pose',
  fields: [
    ['position', 1, VECTOR3],
    ['orientation', 2, QUATERNION],
  ],
};
const NUMERIC_TYPE: ProtoEnum = {
  name: 'foxglove.PackedElementField.NumericType',
  values: {
    UNKNOWN: 0,
    UINT8: 1,
    INT8: 2,
    UINT16: 3,
    INT16: 4,
    UINT32: 5,
    INT32: 6,
    FLOAT32: 7,
    FLOAT64: 8,
  },
};
const PACKED_ELEMENT_FIELD: ProtoMessage = {
  name: 'foxglove.PackedElementField',
  fields: [
    ['name', 1, 'string'],
    ['offset', 2, 'fixed32'],
    ['type', 3, NUMERIC_TYPE],
  ],
  enums: [NUMERIC_TYPE],
};
const LEVEL: ProtoEnum = {
  name: 'foxglove.Log.Level',
  values: { UNKNOWN: 0, DEBUG: 1, INFO: 2, WARNING: 3, ERROR: 4, FATAL: 5 },
};

export const RAW_IMAGE: ProtoMessage = {
  name: 'foxglove.RawImage',
  fields: [
    ['timestamp', 1, TIMESTAMP],
    ['frame_id', 7, 'string'],
    ['width', 2, 'fixed32'],
    ['height', 3, 'fixed32'],
    ['encoding', 4, 'string'],
    ['step', 5, 'fixed32'],
    ['data', 6, 'bytes'],
  ],
};

export const COMPRESSED_IMAGE: ProtoMessage = {
  name: 'foxglove.CompressedImage',
  fields: [
    ['timestamp', 1, TIMESTAMP],
    ['frame_id', 4, 'string'],
    ['data', 2, 'bytes'],
    ['format', 3, 'string'],
  ],
};

export const CAMERA_CALIBRATION: ProtoMessage = {
  name: 'foxglove.CameraCalibration',
  fields: [
    ['timestamp', 1, TIMESTAMP],
    ['frame_id', 9, 'string'],
    ['width', 2, 'fixed32'],
    ['height', 3, 'fixed32'],
    ['distortion_model', 4, 'string'],
    ['D', 5, 'double', 'repeated'],
    ['K', 6, 'double', 'repeated'],
    ['R', 7, 'double', 'repeated'],
    ['P', 8, 'double', 'repeated'],
  ],
};

export const POINT_CLOUD: ProtoMessage = {
  name: 'foxglove.PointCloud',
  fields: [
    ['timestamp', 1, TIMESTAMP],
    ['frame_id', 2, 'string'],
    ['pose', 3, POSE],
    ['point_stride', 4, 'fixed32'],
    ['fields', 5, PACKED_ELEMENT_FIELD, 'repeated'],
    ['data', 6, 'bytes'],
  ],
};

export const FRAME_TRANSFORM: ProtoMessage = {
  name: 'foxglove.FrameTransform',
  fields: [
    ['timestamp', 1, TIMESTAMP],
    ['parent_frame_id', 2, 'string'],
    ['child_frame_id', 3, 'string'],
    ['translation', 4, VECTOR3],
    ['rotation', 5, QUATERNION],
  ],
};

export const LOG: ProtoMessage = {
  name: 'foxglove.Log',
  fields: [
    ['timestamp', 1, TIMESTAMP],
    ['level', 2, LEVEL],
    ['message', 3, 'string'],
    ['name', 4, 'string'],
    ['file', 5, 'string'],
    ['line', 6, 'fixed32'],
  ],
  enums: [LEVEL],
};

/** Numbers of {@link PACKED_ELEMENT_FIELD}'s types and of {@link LOG}'s levels that are sent. */
export const FLOAT32 = NUMERIC_TYPE.values['FLOAT32']!;
export const UINT8 = NUMERIC_TYPE.values['UINT8']!;
export const INFO = LEVEL.values['INFO']!;
export const WARNING = LEVEL.values['WARNING']!;
