import { CloudDoor } from './cloud/cloud-door.ts';
import { ColourBar } from './colours/colour-bar.ts';
import { UNIT_TEXT } from './colours/colour-range.ts';
import { RangeControls } from './colours/range-controls.ts';
import { Feeds } from './feeds.ts';
import { ChartsDoor } from './panel/charts-door.ts';
import { Readings } from './panel/readings.ts';
import { stateText } from './panel/stream-state.ts';
import { Transport } from './panel/transport.ts';
import type { Settings } from './settings/settings.ts';
import type { SettingsStore } from './settings/settings-store.ts';
import { askForToken } from './settings/token.ts';
import { type SnapshotKind, takeSnapshot } from './snapshot/snapshots.ts';
import type { KeptMessage } from './stream/message-history.ts';
import { Playback } from './stream/playback.ts';
import type { StreamFeed } from './stream/stream-feed.ts';
import { wishOf } from './stream/wish.ts';
import { GridView } from './views/grid-view.ts';
import { PairView } from './views/pair-view.ts';

const find = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector)!;

// Ages can be told only where server and browser read the same clock.
const isSameClock = /^(localhost|127\..*|\[::1\])$/.test(location.hostname);

/** How often the page looks for streams that were added, in milliseconds. */
const STREAMS_EVERY_MS = 15_000;

/** The page: streams come in, the view of the moment shows them, the readings tell how they do. */
export class App {
  readonly store: SettingsStore;
  readonly playback: Playback;
  readonly pair: PairView;
  readonly cloud: CloudDoor;
  /** Name of the stream on the screen. */
  current: string | undefined;
  readonly #feeds: Feeds;
  readonly #grid: GridView;
  readonly #ranges: RangeControls;
  readonly #bar = new ColourBar(find('#bar'));
  readonly #readings = new Readings(document);
  readonly #charts = new ChartsDoor(document);
  readonly #transport: Transport;
  readonly #chooser = find<HTMLSelectElement>('#stream');
  readonly #dirty = new Set<StreamFeed>();
  #isAsked = false;

  constructor(store: SettingsStore, token: string | undefined) {
    this.store = store;
    this.#feeds = new Feeds(new URL('.', location.href), token, {
      shown: (feed) => this.#paintSoon(feed),
      arrived: (feed, kept) => this.#note(feed, kept),
      changed: (feed) => this.#showState(feed),
    });
    this.playback = new Playback(
      () => this.#feeds.open,
      () => this.#tick(),
    );
    this.#transport = new Transport(find('.transport'), this.playback);
    this.pair = new PairView(find('.pair'), (byKey) => {
      this.repaint();
      const frame = this.#main?.shown?.frame;
      if (byKey && frame) find<HTMLOutputElement>('#spoken').value = this.pair.pointText(frame);
    });
    this.cloud = new CloudDoor(find('.cloud'), () => this.repaint());
    this.#grid = new GridView(find('.grid'), (name) => {
      this.watch(name);
      this.store.set({ view: 'side' });
    });
    this.#ranges = new RangeControls(find('#range'), store, () => {
      const depth = this.#main?.shown?.frame.quantised;
      if (depth) this.#ranges.fit(this.#main!.name, depth);
      this.repaint();
    });
    store.onChange((settings, changed) => this.#suit(settings, changed));
    this.#chooser.addEventListener('change', () => this.watch(this.#chooser.value));
    document.addEventListener('visibilitychange', () => this.#tick());
    setInterval(() => this.#tick(), 500);
  }

  /** Opens the streams as soon as the server names them. */
  async start(): Promise<void> {
    this.#suit(this.store.now, new Set(['view']));
    for (;;) {
      const list = await this.#feeds.list();
      if (list && 'refusal' in list) return this.#lock(list.refusal);
      if (this.#feeds.names.length > 0) break;
      this.#say(list ? 'The server has no streams' : 'The server does not answer, trying again', 'waiting');
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    const { names } = this.#feeds;
    const wanted = new URL(location.href).searchParams.get('stream');
    this.watch(names.find((name) => name === wanted) ?? names[0]!);
    setInterval(() => document.hidden || void this.#lookForStreams(), STREAMS_EVERY_MS);
  }

  /** Puts a stream on the screen. */
  watch(name: string): void {
    this.current = name;
    this.#readings.clear();
    this.#charts.clear();
    document.title = `${name} – depthcast`;
    const address = new URL(location.href);
    address.searchParams.set('stream', name);
    history.replaceState(null, '', address);
    this.#suitFeeds();
  }

  repaint(): void {
    for (const feed of this.#feeds.open) this.#paintSoon(feed);
  }

  retry(): void {
    for (const feed of this.#feeds.open) feed.retry();
  }

  recolour(): void {
    this.#charts.recolour();
    this.repaint();
  }

  /** Saves a snapshot of what is shown; resolves with why not. */
  async snapshot(kind: SnapshotKind): Promise<string | undefined> {
    const feed = this.#main;
    if (!feed?.shown) return 'There is no frame yet.';
    const { quantised } = feed.shown.frame;
    const { view, opacity } = this.store.now;
    const range = this.#ranges.rangeFor(feed.name, quantised);
    // Another view may never have painted this frame.
    this.pair.paint(feed.shown, range, this.store.now.map);
    return takeSnapshot(kind, {
      shown: feed.shown,
      view,
      picture: this.pair.picture,
      depth: this.pair.depth,
      cloud: this.cloud.view && (() => this.cloud.view!.drawn()),
      grid: find('.grid'),
      opacity,
      farthest: quantised.kind === 'metric' ? range.far : Number.POSITIVE_INFINITY,
    });
  }

  get #main(): StreamFeed | undefined {
    return this.#feeds.open.find(({ name }) => name === this.current) ?? this.#feeds.open[0];
  }

  #suit(settings: Settings, changed: ReadonlySet<string>): void {
    find('#stage').style.setProperty('--opacity', String(settings.opacity));
    if (changed.has('view')) {
      find('#stage').dataset['view'] = settings.view;
      this.cloud.activate(settings.view === 'cloud', settings);
      if (this.current !== undefined) this.#suitFeeds();
    }
    this.cloud.suit(settings);
    this.repaint();
  }

  #suitFeeds(): void {
    const { names } = this.#feeds;
    this.playback.resume();
    this.#feeds.show(this.store.now.view === 'grid' ? names : [this.current!]);
    this.#grid.suit(this.store.now.view === 'grid' ? this.#feeds.open : []);
    this.#chooser.replaceChildren(...names.map((name) => new Option(name, name)));
    this.#chooser.value = this.current!;
    find('.chooser').hidden = names.length < 2;
    this.#tick();
    this.repaint();
  }

  #note(feed: StreamFeed, { message, arrivedAt, bytes }: KeptMessage): void {
    if (feed !== this.#main) return;
    this.#readings.add(bytes, message.fallbackReason);
    this.#charts.add({
      at: arrivedAt,
      score: message.consistency?.score ?? Number.NaN,
      flicker: message.consistency?.flicker ?? Number.NaN,
      latencyMs: message.latencyMs,
      inferenceMs: message.inferenceMs,
      rate: this.#readings.rate(arrivedAt),
    });
  }

  #paintSoon(feed: StreamFeed): void {
    this.#dirty.add(feed);
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      for (const dirty of this.#dirty) this.#paint(dirty);
      this.#dirty.clear();
    });
  }

  #paint(feed: StreamFeed): void {
    const { shown } = feed;
    if (!shown || !this.#feeds.open.includes(feed)) return;
    const settings = this.store.now;
    const { quantised } = shown.frame;
    const range = this.#ranges.rangeFor(feed.name, quantised);
    if (settings.view === 'grid') this.#grid.paint(feed, settings, this.#ranges);
    if (feed !== this.#main) return;
    if (settings.view === 'cloud') this.cloud.show(shown, range);
    else if (settings.view !== 'grid') this.pair.paint(shown, range, settings.map);
    this.#ranges.suit(quantised.kind);
    find('#unit').textContent = UNIT_TEXT[quantised.kind];
    this.#bar.draw(quantised.kind, range, settings.map);
    this.#bar.point(this.pair.depthAtCrosshair(shown.frame), quantised.kind, range);
    // What is looked at while paused is as old as one likes.
    this.#readings.show(shown.frame, feed, isSameClock && !this.playback.isPaused);
    if (feed.state === 'open') this.#showState(feed);
  }

  /** What changes with time alone. */
  #tick(): void {
    const { view, size, rate } = this.store.now;
    const width =
      view === 'grid' ? this.#grid.tileWidth : view === 'cloud' ? find('#cloud').clientWidth : this.pair.panelWidth;
    const isIdle = document.hidden || this.playback.isPaused;
    for (const feed of this.#feeds.open) {
      feed.wish(
        wishOf({
          size,
          rate: rate === 'auto' ? rate : Number(rate),
          panelWidth: width * devicePixelRatio,
          fullWidth: feed.fullWidth,
          isIdle,
        }),
      );
    }
    this.#transport.show();
    this.#grid.showStates();
    if (this.#main) this.#showState(this.#main);
    this.#charts.draw(this.playback.position ?? performance.now());
  }

  #showState(feed: StreamFeed): void {
    if (feed !== this.#main) return;
    const { isPaused } = this.playback;
    const { text, mood } = isPaused
      ? ({ text: 'Paused', mood: 'paused' } as const)
      : stateText(feed, performance.now());
    this.#say(text, mood);
    find('#retry').hidden = feed.state !== 'waiting';
    if (feed.state === 'waiting') void this.#lookForStreams();
  }

  #say(text: string, mood: string): void {
    const badge = find('#badge');
    if (badge.dataset['mood'] !== mood) badge.dataset['mood'] = mood;
    const label = badge.querySelector('.text')!;
    if (label.textContent !== text) label.textContent = text;
    // In full screen the badge is out of sight.
    const told = mood === 'live' ? '' : text;
    const state = find('#stage-state');
    if (state.textContent !== told) state.textContent = told;
  }

  /** Nothing goes on without a token, or another one; trying again with this one would count as guessing. */
  #lock(refusal: string): void {
    this.current = undefined;
    this.#feeds.show([]);
    this.#grid.suit([]);
    find('#retry').hidden = true;
    this.#say(refusal, 'bad');
    askForToken(find<HTMLDialogElement>('#token-sheet'), refusal);
  }

  #isLooking = false;

  /** Streams come and go as a server is told anew or comes back: one that is gone is left for the first. */
  async #lookForStreams(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const before = this.#feeds.names.join();
    const list = await this.#feeds.list();
    const { names } = this.#feeds;
    // Locked, it stays so: the lock begins the page anew.
    if (list && 'refusal' in list) return this.#lock(list.refusal);
    if (!names.includes(this.current!)) this.watch(names[0]!);
    else if (names.join() !== before) this.#suitFeeds();
    setTimeout(() => {
      this.#isLooking = false;
    }, 2000);
  }
}
