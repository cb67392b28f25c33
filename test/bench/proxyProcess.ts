/** The database proxy as a process of its own, so that it takes no time from the servers or from the clients. */
import { startDatabaseProxy } from '../support/databaseProxy.ts';
import type { ProxyCommand } from './proxy.ts';

const proxy = await startDatabaseProxy({ target: String(process.argv[2]) });
const send = (message: unknown): void => void process.send?.(message);

process.on('message', (command: ProxyCommand) => {
  if (command.kind === 'take') {
    send(proxy.take());
    return;
  }
  const { delayMs, record } = command;
  proxy.configure({ record, intercept: delayMs > 0 ? () => ({ delayMs }) : undefined });
  send('configured');
});
process.on('disconnect', () => process.exit());
send(proxy.endpoint);
