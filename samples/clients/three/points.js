// Depth as points in space, unprojected here and not on the graphics card: short rather than fast.
import { connect } from 'depthcast/client';
import * as THREE from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';

const url = new URLSearchParams(location.search).get('url') ?? 'http://127.0.0.1:8080/streams/street';
const renderer = new THREE.WebGLRenderer();
document.body.append(renderer.domElement);
const camera = new THREE.PerspectiveCamera(60, 1, 0.1, 500);
camera.position.set(-2, 2, 4);
const controls = new OrbitControls(camera, renderer.domElement);
controls.target.set(0, -1, -14);
const geometry = new THREE.BufferGeometry();
const points = new THREE.Points(geometry, new THREE.PointsMaterial({ size: 0.06, vertexColors: true }));
points.frustumCulled = false;
const scene = new THREE.Scene().add(points);

connect(url, {
  onFrame: async (frame) => {
    const { width, height, data, kind } = frame.depthMap();
    if (kind !== 'metric' || !frame.intrinsics) return;
    const { fx, fy, cx, cy } = frame.intrinsics;
    const colours = await pixelsOf(frame.picture, width, height);
    const position = new Float32Array(3 * width * height);
    const colour = new Float32Array(3 * width * height);
    let count = 0;
    for (let i = 0; i < data.length; i++) {
      const z = data[i];
      if (!(z < 80)) continue;
      // The camera looks along +z with y down; WebGL looks along −z with y up.
      position.set([(((i % width) - cx) * z) / fx, -((Math.floor(i / width) - cy) * z) / fy, -z], 3 * count);
      for (let c = 0; c < 3; c++) colour[3 * count + c] = (colours[4 * i + c] / 255) ** 2.2;
      count++;
    }
    geometry.setAttribute('position', new THREE.BufferAttribute(position, 3));
    geometry.setAttribute('color', new THREE.BufferAttribute(colour, 3));
    geometry.setDrawRange(0, count);
  },
});

async function pixelsOf(jpeg, width, height) {
  const bitmap = await createImageBitmap(new Blob([jpeg]), { resizeWidth: width, resizeHeight: height });
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height).data;
}

renderer.setAnimationLoop(() => {
  if (renderer.domElement.clientWidth !== innerWidth || renderer.domElement.clientHeight !== innerHeight) {
    renderer.setSize(innerWidth, innerHeight);
    camera.aspect = innerWidth / innerHeight;
    camera.updateProjectionMatrix();
  }
  controls.update();
  renderer.render(scene, camera);
});
