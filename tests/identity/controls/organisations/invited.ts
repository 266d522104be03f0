/** Owns the controls of who is invited, by whom, and for how long that counts: C11, E04, L02. */

import { type AttackControl, against } from '../against.ts'

const proof = 'packages/plinth/src/identity/proof/organisations/invitations.test.ts'
const invitations = 'identity/organisations/invitations.ts'

/** What keeps invitations from going further than who invites. */
export const invitedControls: readonly AttackControl[] = [
  against('E04', proof)('the role of an invitation that another one replaces', {
    file: invitations,
    from: 'demandCovers(known, by, given)',
    to: 'void given',
  }),
  against('E04', proof)('the role of an invitation that is taken back', {
    file: invitations,
    from: 'for (const { id, role } of found) {\n          demandCovers(known, by, role)',
    to: 'for (const { id } of found) {',
  }),
  against('C11', proof)('the invitations of who is removed', {
    file: 'identity/organisations/members.ts',
    from: 'await endInvitations(inside, member)',
    to: '',
  }),
  against('L02', proof)('the count of who invites', {
    file: invitations,
    from: 'const key = `invitation:',
    to: "if (whose.startsWith('user')) break\n        const key = `invitation:",
  }),
]
