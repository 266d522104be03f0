/** Owns the security headers: one frozen set for answers of the API, a maker for our own pages. */

import type { HttpHeaders } from './message.ts'

// Every feature a page could ask for, switched off. Unknown names are ignored by browsers.
const noFeatures = [
  'accelerometer',
  'browsing-topics',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
]
  .map((feature) => `${feature}=()`)
  .join(', ')

const everywhere = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': noFeatures,
  'cache-control': 'no-store',
}

const strictTransport = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

const noContent = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
}

const overHttp: HttpHeaders = Object.freeze({ ...everywhere, ...noContent })
const overHttps: HttpHeaders = Object.freeze({ ...overHttp, ...strictTransport })

/**
 * The headers of every answer of the API. The server adds those which a response does not set
 * itself. `strict-transport-security` only over https: over http browsers must ignore it.
 */
export function apiHeaders(scheme: 'http' | 'https'): HttpHeaders {
  return scheme === 'https' ? overHttps : overHttp
}

/** What one of our own HTML pages needs. */
export interface PagePolicy {
  /** Per response: 128 random bits or more, base64url. Put it on each script and style element. */
  readonly nonce?: string
  /** For fixed pages instead: `sha256-…` of each inline script. */
  readonly scriptHashes?: readonly string[]
  /** False: nothing runs on the page, whatever carries the nonce. */
  readonly scripts?: boolean
  /** For fixed pages: `sha256-…` of each inline style. */
  readonly styleHashes?: readonly string[]
  /** True: the page shows other pages of ours in frames. */
  readonly frames?: boolean
  /** Where browsers report violations, a path of ours. */
  readonly reportPath?: string
}

/**
 * The content security policy of our own pages: scripts and styles only by nonce or hash, data only
 * from our own origin, Trusted Types required, no frames, no forms elsewhere.
 */
export function pageHeaders(policy: PagePolicy): HttpHeaders {
  const scripts = policy.scripts === false ? '' : sources(policy.nonce, policy.scriptHashes)
  const styles = sources(policy.nonce, policy.styleHashes)
  const directives = [
    "default-src 'none'",
    `script-src ${scripts === '' ? "'none'" : `${scripts} 'strict-dynamic'`}`,
    `style-src ${styles === '' ? "'none'" : styles}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    ...(policy.frames === true ? ["frame-src 'self'"] : []),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    ...(policy.reportPath === undefined ? [] : [`report-uri ${policy.reportPath}`]),
  ]
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': directives.join('; '),
  }
}

function sources(nonce: string | undefined, hashes: readonly string[] | undefined): string {
  const named = (hashes ?? []).map((hash) => `'${hash}'`)
  return [...(nonce === undefined ? [] : [`'nonce-${nonce}'`]), ...named].join(' ')
}
