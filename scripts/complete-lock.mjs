// Completes package-lock.json after a change of dependencies. A registry that carries only some of the platform packages
// (native binaries are optional dependencies, one package per platform) makes `npm install` write empty entries for the
// others, and `npm ci` then refuses the lock file on every platform. This fills in version, os, cpu and libc, which
// follow from the package that wants them and from their names. Run as `npm run lock [folder]`; prints what it completed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? '.';
const lockFile = join(folder, 'package-lock.json');
const lock = JSON.parse(readFileSync(lockFile, 'utf8'));
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = {
  arm64: 'arm64',
  armv6: 'arm',
  armv7: 'arm',
  arm: 'arm',
  ia32: 'ia32',
  loong64: 'loong64',
  ppc64le: 'ppc64',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  wasm32: 'wasm32',
  x64: 'x64',
  universal: undefined,
};
const completed = [];

/** Returns the version that some package of the lock file wants of an optional package. */
function wantedVersion(name) {
  for (const entry of Object.values(lock.packages)) {
    const version = entry.optionalDependencies?.[name];
    if (version) return version.replace(/^[\^~]/, '');
  }
  return undefined;
}

const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
if (manifest.optionalDependencies) lock.packages[''].optionalDependencies = manifest.optionalDependencies;
for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const name of Object.keys(optionalDependencies)) lock.packages[`node_modules/${name}`] ??= {};
}
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '' || entry.version || entry.link) continue;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system)) ?? (words.includes('darwin') ? 'darwin' : undefined);
  const cpu = words.map((word) => processors[word]).find(Boolean);
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu')) && os === 'linux'
      ? 'glibc'
      : undefined;
  const version = wantedVersion(name);
  if (!version) throw new Error(`${lockFile}: no package wants ${name}; run npm install again`);
  Object.assign(entry, { version, ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }), optional: true, ...(os && { os: [os] }) });
  completed.push(`${name}@${version} (${os ?? 'any system'} ${cpu ?? 'any processor'})`);
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
console.log(completed.length ? `completed:\n  ${completed.join('\n  ')}` : 'nothing to complete');
