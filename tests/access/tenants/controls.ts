/** Owns the list of tenancy's controls: how each is taken away, and which proof must notice. */

import { type Control, type Proof, without } from '../../armed/control.ts'

/** Two organisations, each with all that the other has; every request of a matrix. */
function crossing(pattern: string): Proof {
  const options = [`--test-name-pattern=^${pattern}`, '--every=9']
  return { file: 'tests/access/tenants/crossing.test.ts', options }
}

/** What PostgreSQL itself keeps apart. */
const ofDatabase: Proof = { file: 'tests/access/tenants/database.test.ts', options: [] }

/** Code past the rules. */
const ofCode: Proof = { file: 'tests/access/tenants/code.test.ts', options: [] }

/** What holds as long as nothing is taken away, the files of the proofs show themselves. */
export const proofs: readonly Proof[] = []

/** Every control whose absence must be noticed. */
export const controls: readonly Control[] = [
  without('the organisation in every rule', crossing('reads'), {
    file: 'catalog/rules.ts',
    from: 'both([within, rule])',
    to: 'both([rule])',
  }),
  without('the organisation on the way of a rule', crossing('reads'), {
    file: 'access/rows.ts',
    from: ', ...only(within(sight, row)))',
    to: ')',
  }),
  without('the organisation that nobody sends', ofCode, {
    file: 'query/write/permissions.ts',
    from: "if (field.role === 'tenant') return acrossOrganisations",
    to: "if (field.role === 'tenant') return acrossOrganisations || field.relation !== ''",
  }),
  without('the organisation in unique keys', crossing('writes'), {
    file: 'catalog/constraint-names.ts',
    from: ': [tenant, ...fields.filter((field) => field !== tenant)]',
    to: ': fields',
  }),
  without('the organisation in references', ofDatabase, {
    file: 'catalog/constraint-names.ts',
    from: '...(within === undefined ? {} : { within: columnOf(model, within) }),',
    to: '',
  }),
  without('the organisation of links', ofDatabase, {
    file: 'catalog/relations.ts',
    from: "      onDelete: 'cascade',\n      within,",
    to: "      onDelete: 'cascade',\n      within: undefined,",
  }),
  without('the organisation of entries of the audit', crossing('the audit'), {
    file: 'effects/audit.ts',
    from: '...(organisation === undefined ? [] : [whose(organisation)]),',
    to: '',
  }),
  without('the organisation of an idempotency key', crossing('a key'), {
    file: 'engine/idempotent.ts',
    from: 'placeOf(caller)',
    to: "''",
  }),
  without('the organisation of code past the rules', ofCode, {
    file: 'access/compile.ts',
    from: 'if (facts.acrossOrganisations) return holds',
    to: 'if (facts.unrestricted) return holds',
  }),
  without('the membership of whoever began a job', ofCode, {
    file: 'work/run/callers.ts',
    from: 'on m.organisation_id = c.organisation_id and m.user_id = c.id',
    to: 'on m.organisation_id = c.organisation_id',
  }),
]
