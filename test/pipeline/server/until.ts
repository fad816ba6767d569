/** Resolves once `condition` holds; rejects with its name after a minute and a half, which a starved machine may need. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 90_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
