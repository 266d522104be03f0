/** Owns somebody at the account pages as a door of attacks: forms, cookies, and where they lead. */

import type { Club } from '../../stage.ts'

/** What a page answered. */
export interface Shown {
  readonly status: number
  readonly text: string
  /** Where it leads; empty: nowhere. */
  readonly to: string
}

/** How a form is sent. */
export interface Sending {
  readonly remoteAddress?: string
  readonly headers?: Readonly<Record<string, string>>
}

const form = {
  'content-type': 'application/x-www-form-urlencoded',
  'sec-fetch-site': 'same-origin',
}

/** A browser of somebody. */
export class Visitor {
  readonly jar = new Map<string, string>()
  readonly #club: Club

  constructor(club: Club) {
    this.#club = club
  }

  open(path: string, sending: Sending = {}): Promise<Shown> {
    return this.#go('GET', path, { ...sending })
  }

  send(
    path: string,
    values: Readonly<Record<string, string>> = {},
    { headers = {}, ...sending }: Sending = {},
  ): Promise<Shown> {
    const body = new URLSearchParams(values).toString()
    return this.#go('POST', path, { ...sending, body, headers: { ...form, ...headers } })
  }

  /** True: the page of the account shows itself to them. */
  async isIn(): Promise<boolean> {
    return (await this.open('/account')).status === 200
  }

  async #go(method: string, path: string, sent: Sending & { readonly body?: string }) {
    const cookie = [...this.jar].map((pair) => pair.join('=')).join('; ')
    const { remoteAddress = this.#club.address(), headers = {}, ...rest } = sent
    const {
      status,
      text,
      headers: told,
    } = await this.#club.tested.request(method, path, {
      ...{ ...rest, remoteAddress },
      headers: { ...headers, ...(cookie === '' ? {} : { cookie }) },
    })
    const lines = String(told['set-cookie'] ?? '')
    for (const [, name = '', value = '', after = ''] of lines.matchAll(kept)) {
      if (/Max-Age=0\b/.test(after)) this.jar.delete(name)
      else this.jar.set(name, value)
    }
    return { status, text, to: String(told.location ?? '') }
  }
}

const kept = /(__Host-[\w-]+)=([^;]*)((?:; [\w-]+(?:=[\w/]*)?)*)/g
