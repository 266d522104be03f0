/** Owns the controls of tenancy that random worlds must notice, whatever was declared in them. */

import { type Control, type Proof, without } from '../../../armed/control.ts'

const pattern = '--test-name-pattern=^of tenants'

const reads: Proof = {
  file: 'tests/access/evaluator.test.ts',
  options: [pattern, '--seed=3', '--declarations=12', '--queries=60'],
}

const writes: Proof = {
  file: 'tests/access/judgement.test.ts',
  options: [pattern, '--seed=3', '--declarations=12'],
}

/** Two worlds that differ in what others have, of their own organisation or of another one. */
const worlds: Proof = {
  file: 'tests/access/two-worlds.test.ts',
  options: ['--test-name-pattern=^of tenants: reads', '--seed=3', '--declarations=4'],
}

/** What holds as long as nothing is taken away. */
export const proofs: readonly Proof[] = [reads, writes, worlds]

const rule = { file: 'catalog/rules.ts', from: 'both([within, rule])', to: 'both([rule])' }

/** Every control whose absence must be noticed. */
export const controls: readonly Control[] = [
  without('the organisation in every rule, by reads', reads, rule),
  without('the organisation in every rule, by writes', writes, rule),
  without('the organisation in every rule, by two worlds', worlds, rule),
  without('the organisation on the way of a rule', reads, {
    file: 'access/rows.ts',
    from: ', ...only(within(sight, row)))',
    to: ')',
  }),
  without('the permissions of a role, and no others', reads, {
    file: 'access/caller.ts',
    from: "catalog.organisations?.roles.get(organisation?.role ?? '')",
    to: "catalog.organisations?.roles.get(organisation ? 'owner' : '')",
  }),
]
