/** Owns finding out where somebody has signed in, after they have: nobody waits for it. */

import { limits } from '../../base/limits.ts'
import { nearnessOf } from '../../base/network.ts'
import type { PlaceOf } from '../../define/app/sign-in.ts'
import { boolean, instant, text, uuid } from '../../define/fields.ts'
import type { Log } from '../../engine/runtime.ts'
import type { IdentityScope } from '../sight.ts'
import type { accountMails } from './texts.ts'

type Mails = ReturnType<typeof accountMails>

/** What is told of a device that an account has not been seen on before. */
export interface NewDevice {
  readonly title: string
  readonly link: string
  readonly when: string
  readonly device: string
  readonly address: string
}

/** What finding out places works with. */
export interface Placing {
  readonly mails: Mails
  readonly place: PlaceOf
  readonly log: Log
  readonly title: string
  readonly address: (path: string) => string
}

/** Somebody who has signed in. */
export interface SignedIn {
  readonly sessionId: string
  readonly userId: string
  readonly address: string
  readonly device: string
  readonly when: string
  /** True: a mail tells that the device is new. */
  readonly isNew: boolean
}

/** Who is told, and of what. */
export interface Telling {
  readonly to: string
  readonly device: NewDevice
  readonly place: string | undefined
}

/** Mails that an account is used on a device that it has not been seen on before. */
export async function tellOfDevice(
  scope: Pick<IdentityScope, 'send'>,
  { newDevice }: Pick<Mails, 'newDevice'>,
  { to, device, place }: Telling,
): Promise<void> {
  await scope.send(newDevice, { to, input: { ...device, place: place ?? null } })
}

/**
 * The job that asks an app where an address is, and writes it to the session. Where the device is
 * new it sends the mail as well, with the place or without.
 */
export function placing({ mails, place, log, title, address: addressOf }: Placing) {
  const job = mails.kit.job('place', {
    description: 'Finds out where somebody has signed in, and tells of a new device.',
    input: {
      ...{ sessionId: uuid(), userId: uuid(), address: text({ max: 60 }) },
      ...{ device: text({ max: 60 }), when: instant(), isNew: boolean() },
    },
    external: async ({ input }) => ({ place: await placeOf({ place, log }, input.address) }),
    async run({ input, result, data, send }) {
      const { session, user } = data.unrestricted
      if (result.place !== null) {
        const filter = { id: input.sessionId }
        const { data: found } = await session.find({ filter, limit: 1 })
        for (const { id } of found) await session.update(id, { place: result.place })
      }
      if (!input.isNew) return
      const [owner] = (await user.find({ filter: { id: input.userId }, limit: 1 })).data
      if (!owner || owner.email === null) return
      const { device, when, address } = input
      await tellOfDevice({ send }, mails, {
        to: owner.email,
        device: { title, link: addressOf('/account/forgot-password'), when, device, address },
        place: result.place ?? undefined,
      })
    },
  })
  return async (scope: IdentityScope, signedIn: SignedIn): Promise<void> => {
    await scope.enqueue(job, signedIn)
  }
}

/** What an app says of an address, made fit to be shown; null: nothing. It cannot fail. */
async function placeOf(
  { place, log }: Pick<Placing, 'place' | 'log'>,
  address: string,
): Promise<string | null> {
  if (nearnessOf(address) !== undefined) return null
  const aborted = AbortSignal.timeout(limits.placeMs)
  const late = new Promise<never>((_, reject) => {
    const after = `It has not answered within ${limits.placeMs} ms.`
    aborted.addEventListener('abort', () => reject(new Error(after)), { once: true })
  })
  // Whatever it does, and be it to throw at once, is taken in here.
  const asked = async () => place(address, { aborted })
  try {
    const told: unknown = await Promise.race([asked(), late])
    return typeof told === 'string' ? shown(told) : null
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error)
    log({ level: 'warning', message: `signIn.place failed, so a session has no place: ${because}` })
    return null
  }
}

// What is no letter of a line would change how a mail reads.
function shown(told: string): string | null {
  const line = told.replaceAll(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  const cut = [...line].slice(0, limits.placeCharactersMax).join('').trim()
  return cut === '' ? null : cut
}
