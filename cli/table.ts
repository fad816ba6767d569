/** Rows as lines, each column as wide as its longest entry. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) =>
    row
      .map((entry, at) => entry.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
}
