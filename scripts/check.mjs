// Runs every gate of the project and counts: `npm run check`, or `node scripts/check.mjs types lint` for some of them.
// The last line is "N passed, N failed": every test of both packages, and each gate as one. A gate that could not run has failed.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const infra = join(root, 'infra');
const dashboard = join(root, 'examples/dashboard');
const reports = mkdtempSync(join(tmpdir(), 'snapinfra-check-'));
process.on('exit', () => rmSync(reports, { recursive: true, force: true }));
const inInfra = (name, command) => ({ name: `infra ${name}`, command, cwd: infra });
const inDashboard = (name, command) => ({ name: `dashboard ${name}`, command, cwd: dashboard });

const npmCi = ['npm', 'ci', '--no-audit', '--no-fund'];

/** A clean clone has nothing installed, and CI must find out whether the lock files are in order. */
const installs = [
  { name: 'install', command: npmCi, cwd: root },
  { name: 'infra install', command: npmCi, cwd: infra },
  { name: 'dashboard install', command: npmCi, cwd: dashboard },
].filter(({ cwd }) => Boolean(process.env.CI) || !existsSync(join(cwd, 'node_modules')));

/** What the other gates need. In order: later ones use what earlier ones made. */
const first = [
  { name: 'codegen', command: ['npm', 'run', '--silent', 'codegen'] },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
];

/** The other gates of the server, but the longest. */
const serverGates = [
  { name: 'contract', command: ['node', 'scripts/check-contract.mjs'] },
  { name: 'types', command: ['npx', '--no-install', 'tsc', '--noEmit'] },
  { name: 'format', command: ['npx', '--no-install', 'prettier', '--check', '.'] },
];

/** Two minutes on one core, which nothing else could use if they were left for the end. */
const lint = { name: 'lint', command: ['npx', '--no-install', 'eslint', '.'] };

const infraGates = [
  inInfra('types', ['npm', 'run', '--silent', 'typecheck']),
  inInfra('lint', ['npm', 'run', '--silent', 'lint']),
  tests('infra tests', infra),
  inInfra('synth', ['npm', 'run', '--silent', 'synth']),
];

/** In a real browser, which need the packages of the dashboard: they build it themselves. Skipped where there is no browser. */
const browserTests = { ...tests('browser tests', root, ['test/browser/']), maySkip: process.env.SNAPINFRA_TEST_BROWSER !== 'required' };

const dashboardGates = [inDashboard('types', ['npm', 'run', '--silent', 'typecheck']), browserTests];

const mainTests = tests('tests', root, ['--testPathIgnorePatterns=test/browser/']);

/**
 * Lists of a phase run side by side, and a phase begins when the one before has ended. The tests wait for their database a
 * sixth of the time; the other gates fill it.
 */
const phases = [installs.map((gate) => [gate]), [first], [[mainTests], [lint], serverGates, infraGates, dashboardGates]];
const gates = phases.flat(2);

/** Beside the tests, which come first. */
const yieldsCpu = new Set([...serverGates, ...infraGates, ...dashboardGates]);
// What waits for a page must not starve.
yieldsCpu.delete(browserTests);

function tests(name, cwd, args = []) {
  const report = join(reports, `${name.replace(' ', '-')}.json`);
  return { name, cwd, report, command: ['npm', 'test', '--', ...args, '--json', `--outputFile=${report}`] };
}

/** Runs a command to its end. Resolves with its output and whether it succeeded; never rejects. */
function run([program, ...args], { cwd = root, priority = constants.priority.PRIORITY_NORMAL } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    });
    if (child.pid !== undefined) setPriority(child.pid, priority);
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => resolve({ ok: false, output: `${program} could not be run: ${error.message}` }));
    child.on('close', (code, signal) => {
      const end = signal ? `\n${program} was ended by ${signal}` : '';
      resolve({ ok: code === 0, output: Buffer.concat(output).toString() + end });
    });
  });
}

/** Returns Jest's counts, and what failed, a line each. A suite that could not run has no tests to count, so it counts as one failure itself. */
function readReport(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    const file = relative(root, name);
    if (status === 'failed' && failed.length === 0) return [`${file}: could not run: ${firstLine(message)}`];
    return failed.map((test) => `${file}: ${test.fullName}: ${firstLine(test.failureMessages[0] ?? '')}`);
  });
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites, failures };
}

/** Returns the first line of a message that says something, without colours. */
function firstLine(message) {
  const lines = stripVTControlCharacters(message).split('\n');
  return (lines.map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('●')) ?? 'no message').slice(0, 200);
}

/** Returns how many processes the kernel has killed for want of memory since it started; 0 where it does not tell (proc(5), vmstat). */
function killedForMemory() {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Runs a gate and says how it went; returns what it adds to the totals. */
async function pass(gate) {
  const started = performance.now();
  if (process.stdout.isTTY) console.log(`  … ${gate.name}`);
  const { PRIORITY_BELOW_NORMAL: low, PRIORITY_NORMAL: normal } = constants.priority;
  let { ok, output } = await run(gate.command, { cwd: gate.cwd, priority: yieldsCpu.has(gate) ? low : normal });
  let counts = { passed: 0, failed: 0, failures: [] };
  if (gate.report) {
    try {
      counts = readReport(gate.report);
      ok &&= counts.failed === 0 && (counts.passed > 0 || gate.maySkip === true);
    } catch (error) {
      ok = false;
      output += `\nno test report: ${error.message}`;
    }
  }
  const detail = gate.report ? `, ${counts.passed} tests passed, ${counts.failed} failed` : '';
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`  ${ok ? '✓' : '✗'} ${gate.name} (${seconds} s${detail})`);
  if (!ok) console.log(`${output.trim()}\n`);
  else if (gate.maySkip) for (const [line] of output.matchAll(/^.*: skipped, since .*$/gm)) console.log(`    ${line}`);
  if (!ok) failures.push(`${gate.name}:`, ...counts.failures.map((failure) => `  ${failure}`));
  return { passed: counts.passed + (ok ? 1 : 0), failed: counts.failed + (ok ? 0 : 1) };
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !gates.some((gate) => gate.name === name));
if (unknown.length > 0) {
  console.error(`unknown gate ${unknown.join(', ')}; there are: ${gates.map(({ name }) => `"${name}"`).join(', ')}`);
  process.exit(1);
}
const totals = { passed: 0, failed: 0 };
const failures = [];
const killedBefore = killedForMemory();

/** Runs gates one after the other. */
async function passAll(list) {
  for (const gate of list) {
    if (wanted.length > 0 && !wanted.includes(gate.name)) continue;
    const { passed, failed } = await pass(gate);
    totals.passed += passed;
    totals.failed += failed;
  }
}

for (const lists of phases) {
  await Promise.all(lists.map(passAll));
  if (lists === phases.at(-1) || totals.failed === 0) continue;
  console.log('the other gates need what failed, and were not run');
  break;
}
// Once more, since the whole of it may be pages above.
if (failures.length > 0) console.log(['failed:', ...failures.map((failure) => `  ${failure}`)].join('\n'));
const killed = killedForMemory() - killedBefore;
if (killed > 0) console.log(`meanwhile this machine ran out of memory, and its kernel killed processes: ${killed}`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 ? 1 : 0;
