import type { DepthServer } from '../pipeline/server/depth-server.ts';
import { errorReport } from './report.ts';
import type { ServeOptions } from './serve-config.ts';
import type { ServeLog } from './serve-log.ts';

type RecordOptions = Pick<ServeOptions, 'record' | 'recordMb' | 'recordSeconds' | 'recordTopics' | 'recordProfile'>;

/**
 * Writes everything that is published into MCAP files, where `--record` asks for it; streams that come later, too.
 * Answers how to end that: what was written is then whole.
 */
export async function startRecording(
  { record, recordMb = 1000, recordSeconds = 600, recordTopics, recordProfile }: RecordOptions,
  server: DepthServer,
  log: ServeLog,
): Promise<() => Promise<void>> {
  if (record === undefined) return async () => {};
  // Loaded only here: most services record nothing.
  const { recordTo } = await import('../pipeline/foxglove/record-to.ts');
  const recorder = await recordTo(record, {
    maxBytes: recordMb * 1e6,
    maxSeconds: recordSeconds,
    topics: recordTopics,
    profile: recordProfile,
    onError: (error) => log.warn({ error }, errorReport(error).message),
  });
  recorder.follow(server);
  log.info({ record }, `recording to ${record}`);
  let ended: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await recorder.close().catch((error: unknown) => log.warn({ error }, errorReport(error).message));
    for (const { stream, frames, files, dropped } of recorder.status().streams) {
      const facts = { stream, frames, files, dropped };
      log.info(facts, `${stream}: ${frames} frames recorded in ${files} files, ${dropped} not`);
    }
  };
  // Whoever ends it again, in the course of a fault, waits for the same end.
  return () => {
    ended ??= end();
    return ended;
  };
}
