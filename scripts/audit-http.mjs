// `npm run audit:http`: does the server speak GraphQL over HTTP as specified? See test/http/audit/run.ts.
import { runTypescript } from './run-typescript.mjs';

await runTypescript('test/http/audit/run.ts');
