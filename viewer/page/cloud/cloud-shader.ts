/*
 * One vertex a pixel of depth: its place in the grid comes from its number, its depth from an integer texture, its place
 * in space from the camera. Codes are inverse depth (or depth) up to an offset and a scale, so 1 / z is one product.
 */

/** Places, sizes and colours the points. Space: x right, y up, −z forward, as WebGL has it. */
export const POINT_VERTICES = /* glsl */ `
precision highp float;
precision highp int;
precision highp usampler2D;

uniform mat4 projectionMatrix;
uniform mat4 modelViewMatrix;
uniform usampler2D codes;
uniform sampler2D picture;
uniform sampler2D colours;
uniform ivec2 size;
uniform int stride;
uniform vec2 quantisation;
uniform bool isInverse;
uniform vec4 intrinsics;
uniform float worldScale;
uniform float farthest;
uniform float pointScale;
uniform float pointSize;
uniform vec2 halfCanvas;
uniform bool byDepth;
uniform bool isLinear;
uniform vec2 range;
uniform vec4 fade;

flat out vec3 colour;

float inverseAt(ivec2 at) {
  uint code = texelFetch(codes, at, 0).r;
  if (code == 0u) return 0.0;
  float value = quantisation.x + quantisation.y * float(code);
  return isInverse ? value : 1.0 / value;
}

vec4 place(ivec2 at, float inverseZ) {
  vec2 ray = (vec2(at) - intrinsics.zw) / intrinsics.xy;
  return projectionMatrix * modelViewMatrix * vec4(vec3(ray.x, -ray.y, -1.0) * worldScale / inverseZ, 1.0);
}

// Pixels of the canvas between a point and its neighbour.
float gapTo(vec2 here, ivec2 at) {
  float inverseZ = inverseAt(min(at, size - 1));
  if (inverseZ == 0.0) return 0.0;
  vec4 there = place(at, inverseZ);
  return distance(here, there.xy / there.w * halfCanvas);
}

void main() {
  int columns = (size.x + stride - 1) / stride;
  ivec2 at = ivec2(gl_VertexID % columns, gl_VertexID / columns) * stride;
  float inverseZ = inverseAt(at);
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = 1.0;
  colour = vec3(0.0);
  if (inverseZ * farthest < 1.0) return;
  float z = 1.0 / inverseZ;
  gl_Position = place(at, inverseZ);
  // As large as its pixel is there, and larger where the surface is seen from a steeper side than the camera's.
  float pixel = pointScale * float(stride) * z * worldScale / (intrinsics.x * gl_Position.w);
  vec2 here = gl_Position.xy / gl_Position.w * halfCanvas;
  float gap = max(gapTo(here, at + ivec2(0, stride)), gapTo(here, at + ivec2(stride, 0)));
  gl_PointSize = clamp(pointSize * max(pixel, min(gap, 5.0 * pixel)), 1.0, 48.0);
  if (byDepth) {
    float from = isLinear ? 1.0 / range.y : range.y;
    float to = isLinear ? 1.0 / range.x : range.x;
    float place = ((isLinear ? z : inverseZ) - from) / (to - from);
    colour = textureLod(colours, vec2(clamp(place, 0.0, 1.0) * 255.0 / 256.0 + 0.5 / 256.0, 0.5), 0.0).rgb;
  } else {
    colour = textureLod(picture, (vec2(at) + 0.5) / vec2(size), 0.0).rgb;
  }
  colour = mix(colour, fade.rgb, fade.a);
}
`;

/** Square points of one colour. */
export const POINT_FRAGMENTS = /* glsl */ `
precision mediump float;
flat in vec3 colour;
out vec4 pixel;
void main() {
  pixel = vec4(colour, 1.0);
}
`;
