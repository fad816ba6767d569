/** The import rule of the house (ARCHITECTURE.md): a room imports only from floors below it, and never in a circle. */
const room = (...names) => `^(${names.join('|')})/`;
const below = (name, from, ...to) => ({
  name: `${name}-imports-only-floors-below`,
  severity: 'error',
  from: { path: from },
  to: {
    path: room('frames', 'models', 'viewer', 'operators', 'pipeline', 'cli', 'samples', 'test', 'bench'),
    pathNot: to,
  },
});
const noSibling = (shelf, allowed = []) => ({
  name: `no-sibling-in-${shelf.replaceAll('/', '-')}`,
  comment: 'Entries of a shelf do not know each other; only registry.ts and index.ts see the whole shelf.',
  severity: 'error',
  from: { path: `^${shelf}/[^/]+\\.ts$`, pathNot: `^${shelf}/(registry|index)\\.ts$` },
  to: { path: `^${shelf}/[^/]+\\.ts$`, pathNot: allowed.map((file) => `^${shelf}/${file}\\.ts$`) },
});
const only = (name, library, file) => ({
  name,
  severity: 'error',
  from: { path: room('frames', 'models', 'viewer', 'operators', 'pipeline', 'cli'), pathNot: file },
  to: { path: library },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-orphans-to-nowhere', severity: 'error', from: {}, to: { couldNotResolve: true } },
    below('frames', room('frames'), room('frames')),
    below('models', room('models'), room('frames', 'models')),
    below('viewer', room('viewer'), room('frames', 'viewer')),
    below('operators', room('operators'), room('frames', 'operators')),
    below('pipeline', room('pipeline'), room('frames', 'models', 'operators', 'pipeline')),
    below('cli', room('cli'), room('frames', 'models', 'operators', 'pipeline', 'cli', 'bench')),
    below('bench', room('bench'), room('frames', 'models', 'operators', 'pipeline', 'bench')),
    below('samples', room('samples'), room('samples')),
    {
      name: 'frames-know-no-platform',
      severity: 'error',
      from: { path: room('frames') },
      to: { dependencyTypes: ['core', 'npm', 'npm-optional'] },
    },
    {
      name: 'viewer-knows-no-node',
      severity: 'error',
      from: { path: room('viewer') },
      to: { dependencyTypes: ['core'] },
    },
    noSibling('operators', ['depth-estimator', 'depth-hub', 'depth-sink']),
    noSibling('pipeline/sources', ['frame-source']),
    noSibling('pipeline/sinks'),
    noSibling('models/families', ['family']),
    only('onnxruntime-in-one-file', 'onnxruntime-node', '^models/onnx-session\\.ts$'),
    only('fluent-ffmpeg-in-one-file', 'fluent-ffmpeg', '^pipeline/ffmpeg/decoder\\.ts$'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|out|node_modules|models/training|models/weights)' },
    includeOnly: '^(index\\.ts|frames|models|viewer|operators|pipeline|cli|bench|samples|node_modules)',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
