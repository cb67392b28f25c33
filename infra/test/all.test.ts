/**
 * Every suite, for one run: Jest gives each test file modules of its own, and loading the CDK takes longer than most suites.
 * A single one: `npm test -- -t 'the API stack'`.
 */
import './apiAlarms.suite.ts';
import './apiGrants.suite.ts';
import './apiSettings.suite.ts';
import './apiStack.suite.ts';
import './nag.suite.ts';
import './parity.suite.ts';
import './settings.suite.ts';
import './stack.suite.ts';
import './synth.suite.ts';
import './tableSizes.suite.ts';
