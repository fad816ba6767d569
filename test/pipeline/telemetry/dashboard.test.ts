import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { roadFrame } from '../server/road-frames.ts';
import { ask, endAll, serve, UPGRADE, watch } from '../server/serving.ts';
import { until } from '../server/until.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit: string }; readonly overrides: readonly unknown[] };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: unknown }[];
}

const dashboard = JSON.parse(
  readFileSync(new URL('../../../docs/grafana-dashboard.json', import.meta.url), 'utf8'),
) as {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
  readonly panels: readonly Panel[];
};
const charts = dashboard.panels.filter(({ type }) => type !== 'row');
const queries = charts.flatMap(({ targets }) => targets!.map(({ expr }) => expr));

/** Names that are functions and words of PromQL, not metrics. */
const WORDS = new Set(['sum', 'max', 'rate', 'by', 'histogram_quantile', 'label_values']);

function metricsIn(query: string): string[] {
  const bare = query
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/by \([^)]*\)/g, '');
  return (bare.match(/[a-z_][a-z0-9_]*/g) ?? []).filter((name) => !WORDS.has(name));
}

afterEach(endAll);

describe('the Grafana dashboard', () => {
  it('asks for nothing that /metrics does not have, metric by metric and label by label', async () => {
    const server = await serve({ streams: ['street'], tokens: { admin: ['admin-0123456789a'] } });
    const stream = server.telemetry.stream('street');
    stream.decoded();
    stream.dropped('window', 'busy');
    stream.error('estimate', 'model-crashed');
    for (const stage of ['wait', 'score'] as const) stream.stage(stage, 3);
    stream.queue('window', () => 1);
    stream.camera(() => ({
      state: 'live',
      decoded: 9,
      emitted: 8,
      discarded: { stale: 1 },
      reconnects: { stall: 1 },
      stalls: 1,
      decodeErrors: 1,
      timestampJumps: 1,
      sizeChanges: 1,
      decoderExits: { SIGKILL: 1 },
      lastFrameAgeMs: 5,
    }));
    const { messages } = await watch(server);
    server.hub('street').publish(roadFrame({ index: 1, fallbackReason: 'scene-cut' }));
    await until('a frame', () => messages.length === 1);
    await ask(server, '/nowhere', { headers: UPGRADE });
    const { body } = await ask(server, '/metrics');
    const labels = new Map<string, Set<string>>();
    for (const [, name, within] of body.matchAll(/^([a-z_0-9]+)(?:\{(.*)\})? /gm)) {
      const known = labels.get(name!) ?? new Set();
      for (const [, label] of (within ?? '').matchAll(/([a-z]+)="/g)) known.add(label!);
      labels.set(name!, known);
    }
    expect(queries.length).toBeGreaterThan(30);
    for (const query of queries) {
      const names = metricsIn(query);
      expect(names, query).toHaveLength(1);
      const known = labels.get(names[0]!);
      expect(known, `${names[0]} is in /metrics`).toBeDefined();
      const asked = [
        ...[...query.matchAll(/([a-z]+)=~?"/g)].map((match) => match[1]!),
        ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap((match) => match[1]!.split(', ')),
      ];
      for (const label of asked) expect([...known!], `labels of ${names[0]}`).toContain(label);
    }
    expect(body).toContain('depthcast_frames_total{stream="street"} 1\n');
  });

  it('has the parts that Grafana wants, each panel with a place of its own', () => {
    expect(dashboard).toMatchObject({ uid: 'depthcast', title: 'depthcast', schemaVersion: 39 });
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['stream', 'query'],
    ]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          expect(taken.has(`${x} ${y}`), `${title} lies on another panel`).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
    const source = { type: 'prometheus', uid: `\${datasource}` };
    for (const { type, title, description, datasource, fieldConfig, targets } of charts) {
      expect(['timeseries', 'stat', 'state-timeline'], title).toContain(type);
      expect(description, title).toMatch(/\.$/);
      expect(datasource).toEqual(source);
      expect(['none', 's', 'bytes', 'Bps']).toContain(fieldConfig!.defaults.unit);
      expect(targets!.map(({ refId }) => refId)).toEqual(targets!.map((_, i) => String.fromCharCode(65 + i)));
      for (const target of targets!) expect(target.datasource).toEqual(source);
    }
  });

  it('shows every metric that counts a loss', () => {
    const all = queries.join('\n');
    for (const metric of [
      'depthcast_frames_dropped_total',
      'depthcast_source_discarded_total',
      'depthcast_messages_unencoded_total',
      'depthcast_ws_frames_dropped_total',
      'depthcast_ws_rejected_total',
      'depthcast_fallbacks_total',
    ]) {
      expect(all).toContain(metric);
    }
  });
});
