import './globalSetup.ts';

/** Stops the database of this test run. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.snapinfraTestDatabase?.stop();
}
