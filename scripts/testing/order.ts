/** Owns in which order test files run, and which of them are never given a second try. */

/**
 * Files that take longest, the longest first: one that began last would keep its lane alone.
 * Whoever adds a file of more than twenty seconds adds it here.
 */
export const longest: readonly string[] = [
  'tests/identity/armed.test.ts',
  'tests/storefront/storefront.test.ts',
  'tests/storefront/looks.test.ts',
  'tests/access/armed.test.ts',
  'tests/access/two-worlds.test.ts',
  'tests/package.test.ts',
  'tests/access/tenants/crossing.test.ts',
  'packages/plinth/src/engine/proof/crash.test.ts',
  'packages/plinth/src/cli/proof/serve.test.ts',
  'packages/plinth/src/live/proof/unread.test.ts',
  'examples/store/checkout/proof/kill.test.ts',
  'tests/pages/programs.test.ts',
  'tests/pages/every-page.test.ts',
  'tests/access/judgement.test.ts',
  'packages/plinth/src/transfer/import/proof/kill.test.ts',
  'packages/plinth/src/cli/proof/commands.test.ts',
  'tests/access/tenants/doors/armed.test.ts',
  'tests/pages/browser.test.ts',
  'packages/plinth/src/cli/proof/clients.test.ts',
  'packages/plinth/src/database/proof/fairness.test.ts',
  'packages/plinth/src/cli/proof/credentials.test.ts',
  'tests/access/tenants/worlds/armed.test.ts',
  'packages/plinth/src/cli/proof/new-react.test.ts',
  'packages/plinth/src/transfer/import/proof/memory.test.ts',
  'tests/followed/channels.test.ts',
  'packages/plinth/src/cli/proof/organisations.test.ts',
  'tests/access/tenants/bound/armed.test.ts',
  'tests/pages/store.test.ts',
  'tests/contract/bad-input.test.ts',
  'packages/plinth/src/app/supervisor/supervisor.test.ts',
  'tests/followed/killed.test.ts',
  'packages/plinth/src/cli/proof/events.test.ts',
  'packages/plinth/src/cli/proof/work.test.ts',
  'tests/pages/organisations.test.ts',
  'tests/contract/reads.test.ts',
]

/**
 * Files in which a single failure is a find: they look for other moments or other races in every
 * run, or prove that a proof notices what was taken away. What went wrong there once and not again
 * is the very thing that they look for.
 */
const finds: readonly RegExp[] = [
  /(?:^|\/)(?:crash|races|random|simulation)(?:\/|[^/]*\.test\.ts$)/,
  /(?:^|\/)(?:armed|kill|points|fence|sabotage|two-worlds|judgement|evaluator)[^/]*\.test\.ts$/,
  /^tests\/access\/tenants\/worlds\//,
]

/** What stands in a file that draws other values in every run. */
const draws = /from 'fast-check'|argument\('seed'/

/** The files in the order in which they are begun. */
export function inOrder(paths: readonly string[]): readonly string[] {
  const known = longest.filter((path) => paths.includes(path))
  return [...known, ...paths.filter((path) => !known.includes(path))]
}

/** False where one failure is a find, however the next run ends. */
export function mayRunAgain(path: string, text: string): boolean {
  return !finds.some((find) => find.test(path)) && !draws.test(text)
}
