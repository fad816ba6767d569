import { type ConnectionState, connect, type DepthClient, type ReceivedFrame } from './client.ts';
import { ColourBar } from './page/colour-bar.ts';
import { depthText, rangeOfFrame } from './page/colour-range.ts';
import { Crosshair } from './page/crosshair.ts';
import { DepthPainter } from './page/depth-painter.ts';
import { RangeControls } from './page/range-controls.ts';
import { Readings } from './page/readings.ts';
import { streamNames } from './page/stream-list.ts';

const base = new URL('.', location.href);
// Ages can be told only where server and browser read the same clock.
const isSameClock = /^(localhost|127\..*|\[::1\])$/.test(location.hostname);
const find = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector)!;

let client: DepthClient | undefined;
/** The frame on the screen, the newest one whose picture is decoded, and the newest one whose picture is not. */
let shown: ReceivedFrame | undefined;
let ready: { readonly frame: ReceivedFrame; readonly bitmap: ImageBitmap | undefined } | undefined;
let undecoded: ReceivedFrame | undefined;
let isDecoding = false;
let needsPaint = false;
let lastArrival = 0;
let retryAt = 0;
let state: ConnectionState = 'connecting';

const picture = find<HTMLCanvasElement>('#picture');
const depth = new DepthPainter(find<HTMLCanvasElement>('#depth'));
const bar = new ColourBar(find('#bar'));
const readings = new Readings(document);
const chooser = find<HTMLSelectElement>('#stream');
const crosshair = new Crosshair([...document.querySelectorAll<HTMLElement>('.panel')], (byKey) => {
  needsPaint = true;
  if (byKey && shown) find<HTMLOutputElement>('#spoken').value = pointText(shown);
});
const controls = new RangeControls(
  find<HTMLFormElement>('#range'),
  () => {
    needsPaint = true;
  },
  () => fitTo(shown),
);

function watch(name: string): void {
  client?.close();
  shown = undefined;
  ready = undefined;
  undecoded = undefined;
  readings.clear();
  document.title = `${name} – depthcast`;
  const address = new URL(location.href);
  address.searchParams.set('stream', name);
  history.replaceState(null, '', address);
  client = connect(new URL(`streams/${name}`, base), {
    onState(next, retryInMs) {
      state = next;
      retryAt = performance.now() + (retryInMs ?? 0);
      if (next === 'waiting') void listStreams();
      showState();
    },
    onFrame(frame) {
      lastArrival = performance.now();
      readings.add(frame);
      undecoded = frame;
      if (!isDecoding) void decodePictures();
    },
  });
}

async function decodePictures(): Promise<void> {
  isDecoding = true;
  while (undecoded) {
    const frame = undecoded;
    undecoded = undefined;
    const blob = new Blob([frame.picture as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' });
    const from = client;
    const bitmap = await createImageBitmap(blob).catch(() => undefined);
    // Another stream may have been chosen meanwhile.
    if (from !== client) continue;
    ready?.bitmap?.close();
    ready = { frame, bitmap };
  }
  isDecoding = false;
}

function fitTo(frame: ReceivedFrame | undefined): void {
  const range = frame && rangeOfFrame(frame.quantised);
  if (range) controls.set(range);
}

/** Draws the newest frame only; what came between two screen refreshes was never going to be seen. */
function refresh(): void {
  requestAnimationFrame(refresh);
  const next = ready;
  ready = undefined;
  if (next) {
    drawPicture(next.bitmap);
    // A range without a unit has no presets: it is fitted to the first frame and then left alone.
    const { kind } = next.frame.quantised;
    if (kind !== 'metric' && shown?.quantised.kind !== kind) fitTo(next.frame);
    shown = next.frame;
    needsPaint = true;
    readings.show(shown, client?.skipped ?? 0, isSameClock);
    showState();
  }
  if (needsPaint && shown) paint(shown);
}

function drawPicture(bitmap: ImageBitmap | undefined): void {
  if (!bitmap) return;
  if (picture.width !== bitmap.width || picture.height !== bitmap.height) {
    picture.width = bitmap.width;
    picture.height = bitmap.height;
  }
  picture.getContext('2d', { alpha: false })!.drawImage(bitmap, 0, 0);
  bitmap.close();
}

function paint(frame: ReceivedFrame): void {
  needsPaint = false;
  const { kind } = frame.quantised;
  controls.suit(kind);
  const unit = { metric: 'in metres', relative: 'relative, no unit', inverse: 'inverse, relative, no unit' }[kind];
  if (find('#unit').textContent !== unit) find('#unit').textContent = unit;
  depth.paint(frame.quantised, controls.range, controls.map);
  bar.draw(kind, controls.range, controls.map);
  bar.point(depthAtCrosshair(frame), kind, controls.range);
  crosshair.label(pointText(frame));
}

function depthAtCrosshair(frame: ReceivedFrame): number {
  const { point } = crosshair;
  if (!point) return Number.NaN;
  return frame.depthAt(point.x * frame.quantised.width, point.y * frame.quantised.height);
}

function pointText(frame: ReceivedFrame): string {
  return depthText(depthAtCrosshair(frame), frame.quantised.kind);
}

function showState(): void {
  const silence = (performance.now() - lastArrival) / 1000;
  const isSilent = state === 'open' && silence > 2.5;
  const seconds = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
  const text = {
    connecting: 'Connecting',
    open: lastArrival === 0 ? 'Waiting for the first frame' : `No new frame for ${silence.toFixed(0)} s`,
    waiting: `Connection lost, trying again in ${seconds} s`,
    closed: 'Closed',
  }[state];
  const isLive = state === 'open' && lastArrival > 0 && !isSilent;
  const badge = find('#badge');
  badge.dataset['state'] = isLive ? 'live' : state;
  const label = badge.querySelector('.text')!;
  const wanted = isLive ? 'Live' : text;
  if (label.textContent !== wanted) label.textContent = wanted;
}

/** Offers the server's streams, and leaves one that is gone for the first. Without a server nothing changes. */
async function listStreams(): Promise<void> {
  const names = await streamNames(base);
  if (!names || names.length === 0) return;
  const current = chooser.value || new URL(location.href).searchParams.get('stream');
  chooser.replaceChildren(...names.map((name) => new Option(name, name)));
  chooser.value = names.find((name) => name === current) ?? names[0]!;
  find('.chooser').hidden = names.length < 2;
  if (chooser.value !== current || !client) watch(chooser.value);
}

async function start(): Promise<void> {
  while (!client) {
    await listStreams();
    if (!client) await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

chooser.addEventListener('change', () => watch(chooser.value));
setInterval(showState, 500);
requestAnimationFrame(refresh);
void start();
