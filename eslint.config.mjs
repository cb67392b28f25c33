import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';

/** Imports run one way: main → server → http → graphql → resolvers → service → store → data. */
const zone = (target, from, message) => ({ target, from, message });

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'coverage/',
      'infra/',
      'examples/dashboard/',
      'src/graphql/generated.ts',
      'examples/*/src/gql/',
      'node_modules/',
      '**/*.mjs',
      '**/*.cjs',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.mjs', '.json'] })] },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            zone(
              'src/data',
              ['src/domains', 'src/graphql', 'src/auth', 'src/http', 'src/context.ts', 'src/server.ts', 'src/main.ts'],
              'data/ knows nothing above it',
            ),
            zone('src/limits', ['src/domains', 'src/graphql', 'src/auth', 'src/http', 'src/context.ts'], 'limits/ knows nothing above it'),
            zone(
              'src/domains',
              ['src/graphql/schema.ts', 'src/http', 'src/server.ts', 'src/main.ts', 'src/config.ts', 'src/config'],
              'a domain does not know the transport',
            ),
            zone(
              'src/graphql',
              ['src/http', 'src/server.ts', 'src/main.ts', 'src/config.ts', 'src/config'],
              'the schema does not know the transport',
            ),
            zone(
              'src/auth',
              ['src/graphql', 'src/http', 'src/server.ts', 'src/main.ts', 'src/config.ts', 'src/config'],
              'auth/ does not know the transport',
            ),
            zone('src/http', ['src/server.ts', 'src/main.ts'], 'http/ is used by server.ts'),
            zone(
              'src/config',
              ['src/graphql', 'src/http', 'src/server.ts', 'src/main.ts', 'src/config.ts'],
              'settings come before what is set',
            ),
          ],
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'config.ts is the only reader of the environment' },
      ],
    },
  },
  { files: ['src/config.ts', 'test/support/**', 'codegen.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-imports': ['error', { name: 'fast-check', message: 'test/support/fastCheck.ts gives it the seed of the run' }],
      'max-lines': 'off',
      // The shape of an answer follows from the text of its query, which TypeScript cannot read.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
