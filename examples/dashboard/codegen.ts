import type { CodegenConfig } from '@graphql-codegen/cli';

/** Types of the operations in src/, from the API's published schema. */
const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/gql/**'],
  errorsOnly: true,
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        importExtension: '.ts',
        emitLegacyCommonJSImports: false,
        defaultScalarType: 'unknown',
        scalars: { DateTime: 'string', URL: 'string', EmailAddress: 'string' },
      },
    },
  },
};

export default config;
