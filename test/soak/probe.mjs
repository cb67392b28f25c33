// Preloaded into the server under load (node --expose-gc --import): answers each message with what the process holds.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
let utilization = performance.eventLoopUtilization();

/** Collects until nothing more goes: what a first collection finalizes, a later one frees. */
async function collect() {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc();
    await sleep(20);
  }
}

async function sample() {
  const [p50, p99] = [delay.percentile(50) / 1e6, delay.percentile(99) / 1e6];
  const busy = performance.eventLoopUtilization(utilization).utilization;
  await collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  const handles = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  delay.reset();
  utilization = performance.eventLoopUtilization();
  process.send({ heapUsed, external, rss, handles, delayMs: { p50, p99 }, busy });
}

process.on('message', () => void sample());
// The channel alone must not keep the process alive.
process.channel.unref();
