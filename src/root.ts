/** Folder of the package: the parent of `src/` when run from source, of `dist/` when built. */
export const packageRoot = new URL('..', import.meta.url);
