import { encodeProto, type ProtoEnum, type ProtoMessage, type ProtoType, type ProtoValues } from './protobuf.ts';

/*
 * The part of google/protobuf/descriptor.proto that a schema needs. Readers of Foxglove messages are told the schema as
 * a FileDescriptorSet; it is made here from the same tables that the messages are written with.
 */

const ENUM_VALUE: ProtoMessage = {
  name: 'EnumValueDescriptorProto',
  fields: [
    ['name', 1, 'string'],
    ['number', 2, 'int32'],
  ],
};
const ENUM: ProtoMessage = {
  name: 'EnumDescriptorProto',
  fields: [
    ['name', 1, 'string'],
    ['value', 2, ENUM_VALUE, 'repeated'],
  ],
};
const FIELD: ProtoMessage = {
  name: 'FieldDescriptorProto',
  fields: [
    ['name', 1, 'string'],
    ['number', 3, 'int32'],
    ['label', 4, 'int32'],
    ['type', 5, 'int32'],
    ['type_name', 6, 'string'],
    ['json_name', 10, 'string'],
  ],
};
const MESSAGE: ProtoMessage = {
  name: 'DescriptorProto',
  fields: [
    ['name', 1, 'string'],
    ['field', 2, FIELD, 'repeated'],
    ['enum_type', 4, ENUM, 'repeated'],
  ],
};
const FILE: ProtoMessage = {
  name: 'FileDescriptorProto',
  fields: [
    ['name', 1, 'string'],
    ['package', 2, 'string'],
    ['dependency', 3, 'string', 'repeated'],
    ['message_type', 4, MESSAGE, 'repeated'],
    ['syntax', 12, 'string'],
  ],
};
const FILES: ProtoMessage = { name: 'FileDescriptorSet', fields: [['file', 1, FILE, 'repeated']] };

const OPTIONAL = 1;
const REPEATED = 3;
const NUMBERS = { double: 1, int64: 3, int32: 5, fixed32: 7, string: 9, message: 11, bytes: 12, enum: 14 } as const;

/** The schema of a message with all that it is made of: a serialised FileDescriptorSet, one file a message. */
export function fileDescriptorSet(message: ProtoMessage): Uint8Array {
  const messages = new Set<ProtoMessage>();
  gather(message, messages);
  return encodeProto(FILES, { file: [...messages].map(fileOf) });
}

/** A message behind the messages it is made of, since readers want files in the order of their dependencies. */
function gather(message: ProtoMessage, into: Set<ProtoMessage>): void {
  for (const inner of messagesIn(message)) gather(inner, into);
  into.add(message);
}

function messagesIn({ fields }: ProtoMessage): ProtoMessage[] {
  return [
    ...new Set(
      fields.flatMap(([, , type]) => {
        return typeof type === 'object' && 'fields' in type ? [type] : [];
      }),
    ),
  ];
}

function fileOf(message: ProtoMessage): ProtoValues {
  const dot = message.name.lastIndexOf('.');
  return {
    name: pathOf(message),
    package: message.name.slice(0, dot),
    dependency: messagesIn(message).map(pathOf),
    message_type: [
      {
        name: message.name.slice(dot + 1),
        field: message.fields.map(([name, number, type, repeated]) => ({
          name,
          number,
          label: repeated ? REPEATED : OPTIONAL,
          type: NUMBERS[kindOf(type)],
          type_name: typeof type === 'object' ? `.${type.name}` : undefined,
          json_name: name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
        })),
        enum_type: message.enums?.map(enumOf) ?? [],
      },
    ],
    syntax: 'proto3',
  };
}

function enumOf({ name, values }: ProtoEnum): ProtoValues {
  return {
    name: name.slice(name.lastIndexOf('.') + 1),
    value: Object.entries(values).map(([key, number]) => ({ name: key, number })),
  };
}

function kindOf(type: ProtoType): keyof typeof NUMBERS {
  if (typeof type === 'string') return type;
  return 'fields' in type ? 'message' : 'enum';
}

/** `foxglove/RawImage.proto`; google's own types have the path that protoc knows them by. */
function pathOf({ name }: ProtoMessage): string {
  return `${name.startsWith('google.') ? name.toLowerCase().replaceAll('.', '/') : name.replaceAll('.', '/')}.proto`;
}
