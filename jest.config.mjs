/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Every core: workers share nothing but the database process, where each has tables of its own.
  maxWorkers: '100%',
  // Modules of test files that are done stay in memory (Jest, ESM); collecting garbage around gigabytes of them takes longer than a new worker.
  workerIdleMemoryLimit: '1GB',
  // Some tests hash many passwords or store megabytes; a busy machine must not fail them.
  testTimeout: 30_000,
  testSequencer: '<rootDir>/test/support/slowFirst.mjs',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/infra'],
  moduleNameMapper: { '/jsutils/instanceOf(\\.js)?$': '<rootDir>/test/support/graphqlInstanceOf.cjs' },
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
};
