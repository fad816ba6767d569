/**
 * The middle value of the first `count` numbers, which it reorders; the upper one of two middles; NaN of none.
 *
 * Quickselect: linear on average. NaN must not be among the values.
 */
export function median(values: Float32Array | Float64Array, count = values.length): number {
  if (count === 0) return Number.NaN;
  const wanted = count >> 1;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i <= j) {
        const swapped = values[i] as number;
        values[i++] = values[j] as number;
        values[j--] = swapped;
      }
    }
    if (wanted <= j) high = j;
    else if (wanted >= i) low = i;
    else break;
  }
  return values[wanted] as number;
}
