/** Hands a file to the person at the browser. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser takes the address over when the click is handled.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Name of a snapshot: `street-0012.40s-depth.png`. */
export function snapshotName(stream: string, timestamp: number, what: string): string {
  return `${stream}-${timestamp.toFixed(2).padStart(7, '0')}s-${what}`;
}
