import type { ShownFrame } from '../stream/stream-feed.ts';
import { gridPicture } from './grid-picture.ts';
import { ply } from './ply.ts';
import { png16 } from './png16.ts';
import { save, snapshotName } from './save.ts';

/** What is on the screen, for a snapshot of it. */
export interface Screen {
  readonly shown: ShownFrame;
  readonly view: 'side' | 'overlay' | 'swipe' | 'cloud' | 'grid';
  readonly picture: HTMLCanvasElement;
  readonly depth: HTMLCanvasElement;
  /** The 3-D view, just drawn. */
  readonly cloud: (() => HTMLCanvasElement) | undefined;
  /** The tiles of the grid view. */
  readonly grid: HTMLElement;
  readonly opacity: number;
  /** Depth beyond it is left out of the cloud. */
  readonly farthest: number;
}

export type SnapshotKind = 'png' | 'png16' | 'ply';

/** Saves a snapshot; resolves with why not where the frame has not what it takes. */
export async function takeSnapshot(kind: SnapshotKind, screen: Screen): Promise<string | undefined> {
  const { frame } = screen.shown;
  const name = (what: string) => snapshotName(frame.stream, frame.timestamp, what);
  const depth = frame.depthMap();
  if (kind === 'png16') {
    if (depth.kind !== 'metric') return 'PNG16 holds metres, and this depth has no unit.';
    save(await png16(depth), name('depth16.png'));
  } else if (kind === 'ply') {
    if (depth.kind === 'inverse') return 'Inverse depth has no points: its shift is unknown.';
    if (!frame.intrinsics) return 'Nothing is known of the camera, so there are no points.';
    const colours = pixelsOf(screen.picture);
    save(ply(depth, frame.intrinsics, colours, screen.farthest), name('points.ply'));
  } else {
    const blob = await new Promise<Blob | null>((done) => compose(screen).toBlob(done, 'image/png'));
    if (blob) save(blob, name(`${screen.view}.png`));
  }
  return undefined;
}

function pixelsOf(canvas: HTMLCanvasElement): ImageData {
  return canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
}

function compose({ view, picture, depth, cloud, grid, opacity }: Screen): HTMLCanvasElement {
  if (view === 'grid') return gridPicture(grid);
  const canvas = document.createElement('canvas');
  if (view === 'cloud' && cloud) {
    const drawn = cloud();
    canvas.width = drawn.width;
    canvas.height = drawn.height;
    const context = canvas.getContext('2d')!;
    context.fillStyle = getComputedStyle(drawn.parentElement!).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(drawn, 0, 0);
    return canvas;
  }
  const { width, height } = picture;
  const isStacked = view === 'overlay' || view === 'swipe';
  canvas.width = isStacked ? width : 2 * width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0);
  if (isStacked) context.globalAlpha = view === 'overlay' ? opacity : 1;
  if (view === 'swipe') {
    const share = Number.parseFloat(getComputedStyle(picture.closest('.pair')!).getPropertyValue('--swipe')) / 100;
    const rest = 1 - share;
    context.drawImage(
      depth,
      depth.width * share,
      0,
      depth.width * rest,
      depth.height,
      width * share,
      0,
      width * rest,
      height,
    );
  } else context.drawImage(depth, isStacked ? 0 : width, 0, width, height);
  return canvas;
}
