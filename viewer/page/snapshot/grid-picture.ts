/** The tiles of the grid as they lie on the page, with the names of their streams, in device pixels. */
export function gridPicture(grid: HTMLElement): HTMLCanvasElement {
  const box = grid.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(box.width * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(box.height * devicePixelRatio));
  const context = canvas.getContext('2d')!;
  context.scale(devicePixelRatio, devicePixelRatio);
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, box.width, box.height);
  for (const picture of grid.querySelectorAll('canvas')) {
    const { left, top, width, height } = picture.getBoundingClientRect();
    // A hidden one has no size.
    if (width > 0) context.drawImage(picture, left - box.left, top - box.top, width, height);
  }
  for (const name of grid.querySelectorAll('.tile-name')) {
    const { left, bottom } = name.getBoundingClientRect();
    const { color, font } = getComputedStyle(name);
    context.fillStyle = color;
    context.font = font;
    context.textBaseline = 'bottom';
    context.fillText(name.textContent!, left - box.left, bottom - box.top);
  }
  return canvas;
}
