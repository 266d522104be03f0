/** Owns the flows of mail as actions: sending again what did not arrive. */

import { Failure } from '../base/failure.ts'
import type { Action } from '../engine/runtime.ts'
import { uuidKind } from '../kinds/kinds.ts'

/**
 * Queues a mail again, for those of its addresses who do not have it. Fails with `not_found`, and
 * with `conflict` for one that is under way, was sent, or whose text is forgotten.
 */
export type SendAgain = (mail: string, traceId: string) => Promise<void>

/** The actions of mail. They are for admins. */
export function mailActions(sendAgain: SendAgain): readonly Action[] {
  const input = { name: 'mail', kind: uuidKind(), optional: false }
  return [
    {
      operation: Object.freeze({
        ...{ name: 'mail.sendAgain', type: 'action', kit: 'mail', path: 'send-again', safe: false },
        input: new Map([[input.name, input]]),
        description:
          'Sends a mail again that was rejected, has expired, or of which nobody knows whether ' +
          'it arrived: under the same Message-ID, to those who do not have it.',
      } as const),
      async run({ input: { mail }, caller, call }) {
        if (caller.is === 'anonymous') throw new Failure('sign_in_required')
        const may = caller.is === 'unrestricted' || caller.roles.has('admin')
        if (!may) throw new Failure('forbidden')
        await sendAgain(String(mail), call.traceId)
        return { status: 202, value: { mail } }
      },
    },
  ]
}
