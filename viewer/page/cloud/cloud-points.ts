import {
  BufferGeometry,
  DataTexture,
  GLSL3,
  LinearFilter,
  Points,
  RawShaderMaterial,
  RedIntegerFormat,
  Texture,
  UnsignedShortType,
  Vector2,
  Vector4,
  type WebGLRenderer,
} from 'three';
import type { ColourMapName } from '../../../frames/colour-map.ts';
import { colourBytes } from '../colours/colour-maps.ts';
import type { CloudGeometry } from './cloud-geometry.ts';
import { POINT_FRAGMENTS, POINT_VERTICES } from './cloud-shader.ts';

/** How points look. */
export interface PointLook {
  readonly byDepth: boolean;
  readonly map: ColourMapName;
  readonly isLinear: boolean;
  /** Size of a point as a share of the gap to its neighbour. */
  readonly pointSize: number;
  /** Device pixels that one unit at distance one covers. */
  readonly pixelsPerUnit: number;
  /** Half the canvas in device pixels, across and high. */
  readonly halfCanvas: readonly [number, number];
  /** Draws every so many pixels of every so many rows. */
  readonly stride: number;
}

/** One frame as points on the graphics card: depth and picture as textures, unprojected where the points are drawn. */
export class CloudPoints {
  readonly object: Points<BufferGeometry, RawShaderMaterial>;
  #codes: DataTexture | undefined;
  #picture = new Texture();
  #pictureSize = '';
  readonly #colours: DataTexture;
  #map: ColourMapName = 'turbo';

  constructor() {
    this.#colours = new DataTexture(colourBytes(this.#map), 256, 1);
    this.#colours.needsUpdate = true;
    const uniforms = {
      codes: { value: null },
      picture: { value: this.#picture },
      colours: { value: this.#colours },
      size: { value: new Vector2(1, 1) },
      stride: { value: 1 },
      quantisation: { value: new Vector2() },
      isInverse: { value: true },
      intrinsics: { value: new Vector4() },
      worldScale: { value: 1 },
      farthest: { value: 1 },
      pointScale: { value: 1 },
      pointSize: { value: 1 },
      halfCanvas: { value: new Vector2() },
      byDepth: { value: true },
      isLinear: { value: false },
      range: { value: new Vector2() },
      fade: { value: new Vector4(0, 0, 0, 0) },
    };
    const material = new RawShaderMaterial({
      uniforms,
      vertexShader: POINT_VERTICES,
      fragmentShader: POINT_FRAGMENTS,
      glslVersion: GLSL3,
    });
    this.object = new Points(new BufferGeometry(), material);
    // Where the points are is known on the graphics card only.
    this.object.frustumCulled = false;
    this.object.visible = false;
  }

  /** True when the points have the colours of a picture. */
  get hasPicture(): boolean {
    return this.#pictureSize !== '';
  }

  /** Takes a frame; both textures are on the graphics card when this returns, so the bitmap may be closed. */
  load(
    renderer: WebGLRenderer,
    { codes, width, height }: { readonly codes: Uint16Array; readonly width: number; readonly height: number },
    bitmap: ImageBitmap | undefined,
  ): void {
    const { uniforms } = this.object.material;
    const data = codes as Uint16Array<ArrayBuffer>;
    if (this.#codes?.image.width !== width || this.#codes.image.height !== height) {
      this.#codes?.dispose();
      this.#codes = new DataTexture(data, width, height, RedIntegerFormat, UnsignedShortType);
      this.#codes.internalFormat = 'R16UI';
      uniforms['codes']!.value = this.#codes;
      uniforms['size']!.value.set(width, height);
    }
    this.#codes.image.data = data;
    this.#codes.needsUpdate = true;
    renderer.initTexture(this.#codes);
    // A closed one has no size.
    if (bitmap && bitmap.width > 0) this.#loadPicture(renderer, bitmap);
    this.object.visible = true;
  }

  /** Makes its textures anew at the next frame: the graphics card lost them, and this one's picture may be closed. */
  forget(): void {
    this.#codes?.dispose();
    this.#codes = undefined;
    this.#pictureSize = '';
    this.object.visible = false;
  }

  /** Where the points are; to be told for each frame. */
  place(geometry: CloudGeometry): void {
    const { uniforms } = this.object.material;
    const { fx, fy, cx, cy } = geometry.intrinsics;
    uniforms['quantisation']!.value.set(geometry.offset, geometry.scale);
    uniforms['isInverse']!.value = geometry.isInverse;
    uniforms['intrinsics']!.value.set(fx, fy, cx, cy);
    uniforms['worldScale']!.value = geometry.worldScale;
    uniforms['farthest']!.value = geometry.farthest;
    uniforms['range']!.value.set(geometry.nearInverse, geometry.farInverse);
  }

  /** How the points look. */
  dress({ byDepth, map, isLinear, pointSize, pixelsPerUnit, halfCanvas, stride }: PointLook): void {
    const { uniforms } = this.object.material;
    uniforms['byDepth']!.value = byDepth || !this.hasPicture;
    uniforms['isLinear']!.value = isLinear;
    uniforms['pointScale']!.value = pixelsPerUnit;
    uniforms['pointSize']!.value = pointSize;
    uniforms['halfCanvas']!.value.set(...halfCanvas);
    const { x: width, y: height } = uniforms['size']!.value as Vector2;
    uniforms['stride']!.value = stride;
    this.object.geometry.setDrawRange(0, Math.ceil(width / stride) * Math.ceil(height / stride));
    if (map === this.#map) return;
    this.#map = map;
    this.#colours.image.data = colourBytes(map);
    this.#colours.needsUpdate = true;
  }

  /** Lets the points fade into a colour (components 0…1) by a share. */
  fade(rgb: readonly [number, number, number], share: number): void {
    this.object.material.uniforms['fade']!.value.set(...rgb, share);
  }

  dispose(): void {
    this.#codes?.dispose();
    this.#picture.dispose();
    this.#colours.dispose();
    this.object.geometry.dispose();
    this.object.material.dispose();
  }

  #loadPicture(renderer: WebGLRenderer, bitmap: ImageBitmap): void {
    const size = `${bitmap.width}x${bitmap.height}`;
    if (size !== this.#pictureSize) {
      this.#picture.dispose();
      this.#picture = new Texture();
      this.#picture.flipY = false;
      this.#picture.generateMipmaps = false;
      this.#picture.minFilter = LinearFilter;
      this.#pictureSize = size;
      this.object.material.uniforms['picture']!.value = this.#picture;
    }
    this.#picture.image = bitmap;
    this.#picture.needsUpdate = true;
    renderer.initTexture(this.#picture);
  }
}
