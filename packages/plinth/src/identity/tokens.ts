/** Owns the secrets of identity: what each starts with, and what they are made by. */

/** Secrets that are shown once, and the form in which they are kept. */
export interface Tokens {
  /** A new secret of 256 random bits behind its prefix, and its hash. */
  make(prefix: string): { readonly token: string; readonly hash: string }
  /** The same with a checksum at its end, for what lies around in files and is typed by people. */
  makeKey(prefix: string): { readonly token: string; readonly hash: string }
  hash(token: string): string
  /** A number of so many decimal digits, each value as likely as any other. */
  code(digits: number): string
  /** 120 random bits in 24 letters and digits, for people: `ABCD-EFGH-…`. */
  recoveryCode(): string
}

/** Every token starts with what it is good for: scanners find leaked ones, nothing mixes them. */
export const prefixes = Object.freeze({
  session: 'pls_',
  'verify-email': 'plv_',
  'change-email': 'plc_',
  'reset-password': 'plr_',
  'sign-in': 'pll_',
  upgrade: 'plu_',
  attempt: 'pla_',
  pending: 'plp_',
  trusted: 'pld_',
  'oauth-access': 'plo_',
  'oauth-refresh': 'plf_',
  'oauth-code': 'plz_',
  'oauth-device': 'ply_',
  'oauth-client': 'plx_',
  passkey: 'plw_',
  'outside-attempt': 'plj_',
  'outside-state': 'plt_',
  'outside-link': 'plb_',
  'outside-mail': 'plm_',
  key: 'plk_',
  agent: 'plg_',
  invitation: 'pli_',
  service: 'pln_',
  'service-key': 'plq_',
})
