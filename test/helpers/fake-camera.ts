export * from '../../bench/fake-camera/fake-camera.ts';
