import type { CodegenConfig } from '@graphql-codegen/cli';

/** Types of the operations in src/, from the API's published schema. A server's own can be had with its address in place of the file. */
const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/**/*.ts', '!src/gql/**'],
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
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
