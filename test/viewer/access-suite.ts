import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { startServer } from '../../pipeline/server/depth-server.ts';
import { moreThan, type PageSetup } from './page-setup.ts';
import { drawn } from './patched-frame.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds serious or critical on the page as it is. */
async function seriousFindings(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in globalThis);
  // The page's own content policy lets no foreign script in; the debugger may.
  if (!isThere) await page.evaluate((await import('node:fs')).readFileSync(axePath, 'utf8'));
  const findings = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
    return (await axe.run()).violations;
  });
  return findings
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 90)).join(' | ')}`);
}

/** The tests of who can use the page: eyes, hands and screens of every kind. */
export function accessSuite(setup: PageSetup): void {
  for (const scheme of ['dark', 'light'] as const) {
    it(`has no serious finding of axe in ${scheme}: page, grid, settings and help sheet`, async () => {
      const server = await setup.serve();
      const { page } = await setup.open(server.url, { scheme });
      await moreThan(page, 3);
      await page.waitForSelector('.uplot');
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press('5');
      await page.waitForSelector('.tile-state[data-mood="live"]');
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press('2');
      await page.keyboard.press('o');
      await page.waitForSelector('.lil-gui');
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press('?');
      await page.waitForSelector('#help-sheet[open]');
      expect(await seriousFindings(page)).toEqual([]);
    });

    it(`has none in ${scheme} either: 3-D, swipe and paused, open menu, lost connection, token`, async () => {
      const server = await setup.serve();
      const { page } = await setup.open(server.url, { scheme, view: 'cloud' });
      await drawn(page, 2);
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press('3');
      await page.keyboard.press(' ');
      await page.waitForSelector('#badge[data-mood="paused"]');
      await page.click('#snapshots summary');
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.click('[data-transport="toggle"]');
      await server.close();
      await page.waitForSelector('#badge[data-mood="bad"]');
      expect(await seriousFindings(page)).toEqual([]);
      const locked = await startServer({ port: 0, streams: ['street'], tokens: { viewer: ['street-0123456789'] } });
      setup.endings.push(() => locked.close());
      await page.goto(locked.url);
      await page.waitForSelector('#token-sheet[open]');
      expect(await seriousFindings(page)).toEqual([]);
    });
  }

  it('fits a phone of 360 pixels without scrolling sideways, in every view', async () => {
    const server = await setup.serve(0, ['front', 'back']);
    const { page } = await setup.open(server.url, { width: 360, height: 780 });
    await moreThan(page, 3);
    for (const key of ['1', '2', '3', '5']) {
      await page.keyboard.press(key);
      await page.waitForTimeout(300);
      const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect(content).toBeLessThanOrEqual(screen!);
    }
    await page.keyboard.press('1');
    for (const id of ['#picture', '#depth']) await page.waitForSelector(id);
    const [picture, depth] = await Promise.all(['#picture', '#depth'].map((id) => page.locator(id).boundingBox()));
    expect(depth!.y).toBeGreaterThan(picture!.y + picture!.height);
  });
}
