import type { CdrMessage } from './cdr.ts';

/* The ROS 2 messages that a recording of profile `ros2` holds, field by field as common_interfaces declares them. */

const TIME: CdrMessage = {
  name: 'builtin_interfaces/msg/Time',
  fields: [
    ['sec', 'int32'],
    ['nanosec', 'uint32'],
  ],
};
const HEADER: CdrMessage = {
  name: 'std_msgs/msg/Header',
  fields: [
    ['stamp', TIME],
    ['frame_id', 'string'],
  ],
};
const VECTOR3: CdrMessage = {
  name: 'geometry_msgs/msg/Vector3',
  fields: [
    ['x', 'float64'],
    ['y', 'float64'],
    ['z', 'float64'],
  ],
};
const QUATERNION: CdrMessage = {
  name: 'geometry_msgs/msg/Quaternion',
  fields: [...VECTOR3.fields, ['w', 'float64']],
};
const TRANSFORM: CdrMessage = {
  name: 'geometry_msgs/msg/Transform',
  fields: [
    ['translation', VECTOR3],
    ['rotation', QUATERNION],
  ],
};
const TRANSFORM_STAMPED: CdrMessage = {
  name: 'geometry_msgs/msg/TransformStamped',
  fields: [
    ['header', HEADER],
    ['child_frame_id', 'string'],
    ['transform', TRANSFORM],
  ],
};
const REGION_OF_INTEREST: CdrMessage = {
  name: 'sensor_msgs/msg/RegionOfInterest',
  fields: [
    ['x_offset', 'uint32'],
    ['y_offset', 'uint32'],
    ['height', 'uint32'],
    ['width', 'uint32'],
    ['do_rectify', 'bool'],
  ],
};
const POINT_FIELD: CdrMessage = {
  name: 'sensor_msgs/msg/PointField',
  fields: [
    ['name', 'string'],
    ['offset', 'uint32'],
    ['datatype', 'uint8'],
    ['count', 'uint32'],
  ],
};

export const ROS_IMAGE: CdrMessage = {
  name: 'sensor_msgs/msg/Image',
  fields: [
    ['header', HEADER],
    ['height', 'uint32'],
    ['width', 'uint32'],
    ['encoding', 'string'],
    ['is_bigendian', 'uint8'],
    ['step', 'uint32'],
    ['data', 'uint8', 'list'],
  ],
};

export const ROS_COMPRESSED_IMAGE: CdrMessage = {
  name: 'sensor_msgs/msg/CompressedImage',
  fields: [
    ['header', HEADER],
    ['format', 'string'],
    ['data', 'uint8', 'list'],
  ],
};

export const ROS_CAMERA_INFO: CdrMessage = {
  name: 'sensor_msgs/msg/CameraInfo',
  fields: [
    ['header', HEADER],
    ['height', 'uint32'],
    ['width', 'uint32'],
    ['distortion_model', 'string'],
    ['d', 'float64', 'list'],
    ['k', 'float64', 9],
    ['r', 'float64', 9],
    ['p', 'float64', 12],
    ['binning_x', 'uint32'],
    ['binning_y', 'uint32'],
    ['roi', REGION_OF_INTEREST],
  ],
};

export const ROS_POINT_CLOUD: CdrMessage = {
  name: 'sensor_msgs/msg/PointCloud2',
  fields: [
    ['header', HEADER],
    ['height', 'uint32'],
    ['width', 'uint32'],
    ['fields', POINT_FIELD, 'list'],
    ['is_bigendian', 'bool'],
    ['point_step', 'uint32'],
    ['row_step', 'uint32'],
    ['data', 'uint8', 'list'],
    ['is_dense', 'bool'],
  ],
};

export const ROS_TF: CdrMessage = {
  name: 'tf2_msgs/msg/TFMessage',
  fields: [['transforms', TRANSFORM_STAMPED, 'list']],
};

export const ROS_STRING: CdrMessage = { name: 'std_msgs/msg/String', fields: [['data', 'string']] };

export const ROS_LOG: CdrMessage = {
  name: 'rcl_interfaces/msg/Log',
  fields: [
    ['stamp', TIME],
    ['level', 'uint8'],
    ['name', 'string'],
    ['msg', 'string'],
    ['file', 'string'],
    ['function', 'string'],
    ['line', 'uint32'],
  ],
};
