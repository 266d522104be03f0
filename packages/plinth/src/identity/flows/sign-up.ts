/** Owns sign-up: an account for whoever asks, told alike whether the address is new or taken. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { hourMs } from '../../base/time.ts'
import type { Action } from '../../engine/runtime.ts'
import { emailKind, textKind } from '../../kinds/kinds.ts'
import type { Sight } from '../sight.ts'
import { byNetwork, recipientAllowances } from './allowances.ts'
import { given, type IdentityParts, maybe, operation, passwordInput } from './operation.ts'

/** Makes an account; a mail asks its owner to confirm the address. */
export function signUp(parts: IdentityParts): Action {
  return {
    operation: operation('signUp', {
      path: 'sign-up',
      description:
        'Makes an account. The answer is the same whether the address is new or taken. A mail ' +
        'leads to `verify-email`, and after that one can sign in.',
      input: [
        given('email', emailKind()),
        given('password', passwordInput),
        maybe('name', textKind({ max: 200 })),
      ],
    }),
    allowances: ({ email }, call) => [
      ...byNetwork(call.remoteAddress, {
        ...{ what: 'sign-up', limit: limits.signUpsPerHourPerNetwork, windowMs: hourMs },
      }),
      // From many networks, too, only so many mails reach one address.
      ...recipientAllowances(String(email), call.remoteAddress),
    ],
    async run({ input, commit }) {
      if (parts.signUp === 'nobody') {
        throw new Failure('forbidden', { detail: 'Accounts are made by the staff of this app.' })
      }
      const email = String(input.email)
      const name = input.name === null ? null : String(input.name)
      await parts.passwords.demand(String(input.password), '/password', { email, name })
      const passwordHash = await parts.passwords.hash(String(input.password))
      await commit<void, Sight>(async (scope) => {
        const { user } = scope.data.unrestricted
        const { data: taken } = await user.find({ filter: { email }, limit: 1 })
        const [owner] = taken
        // Taken: answered like success, so that nobody learns who has an account, save its owner.
        // One that nobody has claimed is whoever's was last to ask for it.
        const fresh = owner === undefined || owner.unclaimed
        const values = { name, passwordHash, unclaimed: parts.confirmFirst }
        if (owner === undefined) await user.create({ email, ...values })
        else if (fresh) await user.update(owner.id, values)
        if (!parts.sendsMail) return
        await parts.mailing.ask(scope, { email, purpose: fresh ? 'verify-email' : 'sign-up-again' })
      })
      return { status: 201, value: { email } }
    },
  }
}
