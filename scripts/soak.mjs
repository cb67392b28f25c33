// `npm run soak [-- --minutes 10]`: does the server keep its memory and its handles under a long mixed load? See test/soak/run.ts.
import { runTypescript } from './run-typescript.mjs';

await runTypescript('test/soak/run.ts');
