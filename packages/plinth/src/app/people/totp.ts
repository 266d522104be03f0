/** Owns one-time passwords and their QR codes by libraries that are loaded when first needed. */

import type { Totp } from '../../identity/flows/operation.ts'

const secretBytes = 20
const stepMs = 30_000

/** One-time passwords of an app of this name. */
export function totpOf(issuer: string): Totp {
  return {
    async make(account) {
      const [{ Secret, TOTP }, { renderSVG }] = await Promise.all([
        import('otpauth'),
        import('uqr'),
      ])
      const secret = new Secret({ size: secretBytes })
      const uri = new TOTP({ issuer, label: account, secret }).toString()
      return { secret: secret.base32, uri, qr: renderSVG(uri) }
    },
    async stepOf(secret, code, nowMs) {
      const { Secret, TOTP } = await import('otpauth')
      const totp = new TOTP({ secret: Secret.fromBase32(secret) })
      const delta = totp.validate({ token: code, timestamp: nowMs, window: 1 })
      return delta === null ? undefined : Math.floor(nowMs / stepMs) + delta
    },
  }
}
