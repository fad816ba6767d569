import protobuf from 'protobufjs';
// The extension adds `Root.fromDescriptor`, which the typings of protobufjs do not know.
import 'protobufjs/ext/descriptor/index.js';

/** Values of a decoded message by field name. */
export type Decoded = Record<string, unknown>;

/**
 * Decodes a message as a viewer does that knows nothing but the schema it was told: protobufjs by a FileDescriptorSet,
 * names as the schema writes them, absent fields as 0 or empty.
 */
export function decodeBySchema(schema: Uint8Array, name: string, payload: Uint8Array): Decoded {
  const withDescriptors = protobuf.Root as unknown as { fromDescriptor(bytes: Uint8Array): protobuf.Root };
  const type = withDescriptors.fromDescriptor(schema).lookupType(name);
  const message = type.decode(payload);
  const problem = type.verify(message as unknown as Decoded);
  if (problem) throw new Error(problem);
  const plain = type.toObject(message, { defaults: true, longs: Number });
  return underscored(plain) as Decoded;
}

/** protobufjs writes `frameId` where the schema says `frame_id`. */
function underscored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(underscored);
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.length === 1 ? key : key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      underscored(inner),
    ]),
  );
}
