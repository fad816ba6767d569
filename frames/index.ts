export * from './camera.ts';
export * from './depth-frame.ts';
export * from './depth-map.ts';
export * from './errors.ts';
export * from './flow.ts';
export * from './frame.ts';
export * from './frame-window.ts';
