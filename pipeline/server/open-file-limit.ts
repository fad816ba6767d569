/** File descriptors this process may open; infinite where the system does not tell. */
export function openFileLimit(): number {
  const report: typeof process.report & { excludeNetwork?: boolean } = process.report;
  const before = report.excludeNetwork;
  // Without this a report asks the name service for each connection's peer.
  report.excludeNetwork = true;
  const limits = (report.getReport() as { userLimits?: Record<string, { soft: unknown } | undefined> }).userLimits;
  if (before !== undefined) report.excludeNetwork = before;
  const soft = limits?.['open_files']?.soft;
  return typeof soft === 'number' && soft > 0 ? soft : Number.POSITIVE_INFINITY;
}
