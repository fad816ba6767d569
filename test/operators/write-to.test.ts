import { of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type DepthFrame, Flow } from '../../frames/index.ts';
import { type DepthSink, type WriteToOptions, writeTo } from '../../operators/index.ts';
import { depthFrame, frame, virtualTime } from './frames.ts';

/** A sink whose writes the test finishes by hand; it checks that no two are under way at once. */
class HeldSink implements DepthSink {
  readonly log: string[] = [];
  #write: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  failClose = false;

  write({ frame: { index } }: DepthFrame): Promise<void> {
    if (this.#write) this.log.push('overlap');
    this.log.push(`write ${index}`);
    let resolve = (): void => {};
    let reject = (_: unknown): void => {};
    const promise = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    this.#write = { resolve, reject };
    return promise;
  }

  async close(): Promise<void> {
    this.log.push('close');
    if (this.failClose) throw new Error('close failed');
  }

  async finish(error?: unknown): Promise<void> {
    const write = this.#write;
    this.#write = undefined;
    if (error) write?.reject(error);
    else write?.resolve();
    await settled();
  }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function start(sinks: DepthSink | readonly DepthSink[], options: WriteToOptions = {}) {
  const flow = new Flow();
  const source = new Subject<DepthFrame>();
  const log: string[] = [];
  const subscription = source.pipe(writeTo(sinks, options)).subscribe({
    next: ({ frame }) => log.push(`${frame.index}`),
    error: (error: Error) => log.push(`error ${error.message}`),
    complete: () => log.push('complete'),
  });
  const push = (index: number): void => source.next(depthFrame(index, { frame: frame(index, { flow }) }));
  return { flow, source, log, subscription, push };
}

describe('writeTo', () => {
  it('passes frames on at once and writes them one after another', async () => {
    const sink = new HeldSink();
    const { push, log, source } = start(sink);
    push(0);
    push(1);
    expect(log).toEqual(['0', '1']);
    expect(sink.log).toEqual(['write 0']);
    await sink.finish();
    expect(sink.log).toEqual(['write 0', 'write 1']);
    source.complete();
    await settled();
    expect(log).toEqual(['0', '1']);
    await sink.finish();
    expect(sink.log.at(-1)).toBe('close');
    expect(log.at(-1)).toBe('complete');
  });

  it('holds the flow while its queue is full and releases it when there is room', async () => {
    const sink = new HeldSink();
    const { push, flow } = start(sink, { ahead: 2 });
    push(0);
    push(1);
    expect(flow.held).toBe(false);
    push(2);
    expect(flow.held).toBe(true);
    await sink.finish();
    expect(flow.held).toBe(false);
  });

  it('lets a quick sink run ahead of a slow one, which alone holds the flow', async () => {
    const [quick, slow] = [new HeldSink(), new HeldSink()];
    const { push, flow } = start([quick, slow], { ahead: 1 });
    push(0);
    push(1);
    await quick.finish();
    await quick.finish();
    expect(quick.log).toEqual(['write 0', 'write 1']);
    expect(slow.log).toEqual(['write 0']);
    expect(flow.held).toBe(true);
  });

  it('ends a failing sink alone, closes it, and releases its hold', async () => {
    const [good, bad] = [new HeldSink(), new HeldSink()];
    const failed: unknown[] = [];
    const { push, flow, log, source } = start([good, bad], { ahead: 1, onSinkError: (_, sink) => failed.push(sink) });
    push(0);
    push(1);
    await good.finish();
    expect(flow.held).toBe(true);
    await bad.finish(new Error('disk full'));
    expect(failed).toEqual([bad]);
    expect(bad.log).toEqual(['write 0', 'close']);
    expect(flow.held).toBe(false);
    push(2);
    source.complete();
    await good.finish();
    await good.finish();
    expect(good.log).toEqual(['write 0', 'write 1', 'write 2', 'close']);
    expect(log).toEqual(['0', '1', '2', 'complete']);
  });

  it('fails with the last error when no sink is left', async () => {
    const sink = new HeldSink();
    const { push, log, source } = start(sink);
    push(0);
    await sink.finish(new Error('disk full'));
    expect(log).toEqual(['0', 'error disk full']);
    expect(source.observed).toBe(false);
  });

  it('fails where the last sink cannot be closed', async () => {
    const sink = new HeldSink();
    sink.failClose = true;
    const { log, source } = start(sink);
    source.complete();
    await settled();
    expect(log).toEqual(['error close failed']);
  });

  it('writes what was passed and closes before the error of the source passes', async () => {
    const sink = new HeldSink();
    const { push, log, source } = start(sink);
    push(0);
    push(1);
    source.error(new Error('lost'));
    await sink.finish();
    expect(log).toEqual(['0', '1']);
    await sink.finish();
    expect(sink.log).toEqual(['write 0', 'write 1', 'close']);
    expect(log.at(-1)).toBe('error lost');
  });

  it('drops what waits when unsubscribed, and closes after the write under way', async () => {
    const sink = new HeldSink();
    const { push, subscription, flow } = start(sink, { ahead: 1 });
    push(0);
    push(1);
    subscription.unsubscribe();
    expect(flow.held).toBe(false);
    await settled();
    expect(sink.log).toEqual(['write 0']);
    await sink.finish();
    expect(sink.log).toEqual(['write 0', 'close']);
  });

  it('passes through with no sinks at all', () => {
    virtualTime().run(({ hot, expectObservable }) => {
      expectObservable(hot('ab', { a: depthFrame(0), b: depthFrame(1) }).pipe(writeTo([]))).toBe('ab', {
        a: depthFrame(0),
        b: depthFrame(1),
      });
    });
  });

  it('refuses a queue without room', () => {
    expect(() => of().pipe(writeTo([], { ahead: 0 }))).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});
