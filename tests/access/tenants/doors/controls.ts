/** Owns the controls of tenancy that the other doors must notice: GraphQL, and what is followed. */

import { type Control, type Proof, without } from '../../../armed/control.ts'

function proof(name: string, pattern: string, ...more: readonly string[]): Proof {
  const options = [`--test-name-pattern=^${pattern}`, ...more]
  return { file: `tests/access/tenants/doors/${name}.test.ts`, options }
}

const graphql = (pattern: string): Proof => proof('graphql', pattern, '--every=24')
const live = (pattern: string): Proof => proof('live', pattern)

/** What holds as long as nothing is taken away. */
export const proofs: readonly Proof[] = [graphql(''), live('')]

const rule = { file: 'catalog/rules.ts', from: 'both([within, rule])', to: 'both([rule])' }

/** Every control whose absence must be noticed. */
export const controls: readonly Control[] = [
  without('the organisation in every rule, by GraphQL', graphql('reads'), rule),
  without('the organisation in every rule, by mutations', graphql('writes'), rule),
  without('the organisation in every rule, in what is followed', live('what a rival'), rule),
  without('the organisation on the way of a rule, in what is followed', live('who is removed'), {
    file: 'access/rows.ts',
    from: ', ...only(within(sight, row)))',
    to: ')',
  }),
  without('the organisation of what is followed together', live('who switches'), {
    file: 'engine/live/read/read.ts',
    from: "asks('organisation') ? organisationId : null",
    to: 'organisationId === undefined ? 1 : null',
  }),
  without('the followers whose membership is gone', live('who is removed'), {
    file: 'engine/live/callers.ts',
    from: ' || organisation !== undefined\n',
    to: ' && organisation === undefined\n',
  }),
]
