/** Draws a picture into a canvas of its size; without one the canvas keeps what it shows. */
export function paintPicture(canvas: HTMLCanvasElement, bitmap: ImageBitmap | undefined): void {
  if (!bitmap) return;
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext('2d', { alpha: false })!.drawImage(bitmap, 0, 0);
}
