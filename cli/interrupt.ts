/**
 * Calls `stop` at the first Ctrl-C or SIGTERM, so that a command may end in order; a second one ends the process at
 * once. Returns a function that takes the ears off again.
 */
export function onInterrupt(stop: (signal: NodeJS.Signals) => void): () => void {
  let asked = false;
  const heard = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(130);
    asked = true;
    stop(signal);
  };
  process.on('SIGINT', heard);
  process.on('SIGTERM', heard);
  return () => {
    process.off('SIGINT', heard);
    process.off('SIGTERM', heard);
  };
}
