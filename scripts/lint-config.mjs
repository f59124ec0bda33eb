import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { importRules } from './import-rules.mjs';
import { functionLinesMax, longFunctions } from './long-functions.mjs';

const root = new URL('../', import.meta.url);
const file = new URL('.oxlintrc.json', root);
const tests = ['**/*.test.{ts,tsx}', '**/test/**', '**/test-kit/**', 'test/**'];

const rules = {
  eqeqeq: 'error',
  'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
  'no-var': 'error',
  'prefer-const': 'error',
  'no-console': 'error',
  'max-lines': ['error', { max: 300 }],
  'max-lines-per-function': ['error', { max: functionLinesMax, skipBlankLines: true, skipComments: true }],
  'import/no-cycle': ['error', { ignoreTypes: false }],
  'typescript/await-thenable': 'error',
  'typescript/consistent-type-imports': 'error',
  'typescript/no-explicit-any': 'error',
  'typescript/no-floating-promises': 'error',
  'typescript/no-misused-promises': 'error',
  'typescript/no-non-null-assertion': 'error',
  'typescript/no-require-imports': 'error',
  'typescript/only-throw-error': 'error',
  'typescript/return-await': 'error',
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'unicorn/filename-case': ['error', { cases: { kebabCase: true, pascalCase: true } }],
  'unicorn/prefer-node-protocol': 'error',
  // This code consists of frozen objects of functions, whose members have no `this`.
  'typescript/unbound-method': 'off',
  // Parsers match control characters on purpose.
  'no-control-regex': 'off',
  // Properties are checked in loops over generated cases.
  'vitest/no-conditional-expect': 'off',
  'vitest/expect-expect': 'off',
  // The second argument of `expect` is the message of a failure.
  'vitest/valid-expect': ['error', { maxArgs: 2 }],
  'vitest/no-standalone-expect': 'off',
  // These rules make no difference to a reader.
  'typescript/restrict-template-expressions': 'off',
  'unicorn/no-useless-spread': 'off',
  'unicorn/prefer-string-starts-ends-with': 'off',
  // A spread of a string gives its code points, as intended. Promises and maps are still refused.
  'typescript/no-misused-spread': ['error', { allow: ['string'] }],
};

/** The whole linter configuration, from the rules above and `import-table.mjs`. */
export function lintConfig() {
  return {
    $schema: './node_modules/oxlint/configuration_schema.json',
    plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'vitest'],
    categories: { correctness: 'error' },
    ignorePatterns: ['**/dist/**', '**/node_modules/**', '.bitacora*/**', '.bench/**'],
    rules,
    overrides: [
      {
        files: ['packages/cli/**', 'scripts/**', 'bench/**', 'examples/**', ...tests],
        rules: { 'no-console': 'off' },
      },
      {
        files: ['bench/**', ...Object.keys(longFunctions)],
        rules: { 'max-lines-per-function': 'off' },
      },
      // Tests read answers without types: a missing member fails an expectation.
      {
        files: tests,
        rules: {
          'max-lines': 'off',
          'max-lines-per-function': 'off',
          'typescript/no-explicit-any': 'off',
        },
      },
      ...importRules(root),
    ],
  };
}

/** Each override is one line, so that a change of the table gives a readable diff of the generated file. */
export function lintConfigText() {
  const { overrides, ...head } = lintConfig();
  const lines = overrides.map((override) => `    ${JSON.stringify(override)}`).join(',\n');
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "overrides": [\n${lines}\n  ]\n}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!process.argv.includes('--check')) writeFileSync(file, lintConfigText());
  else if (readFileSync(file, 'utf8') !== lintConfigText()) {
    console.error('.oxlintrc.json does not follow scripts/import-table.mjs: run `npm run lint:config`.');
    process.exit(1);
  }
}
