/** Owns an app that signs people in with the issuers of a test, and browsers that go there. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type AppSetup, openApp } from '../../../app/compose.ts'
import type { LogEntry } from '../../../app/log.ts'
import type { AccountsSpec } from '../../../define/accounts.ts'
import type { IdentityProvider } from '../../../define/app/sign-in-with.ts'
import type { Handler } from '../../../http/message.ts'
import { HttpServer } from '../../../http/server.ts'
import { app } from '../../../index.ts'
import { testApp } from '../../../testing/test-app.ts'
import { oidc } from '../../outside/provider.ts'
import { appAtIssuer } from './issuer.ts'

const secret = 'p7Jq2mX9vR4tK8wZ1nB6yL3cF5hD0gSaEeUiOoQ'

/** A password that anybody may have. */
export const password = 'correct horse battery'

/** An issuer, and the name by which the app knows it. */
export interface Trusted {
  readonly name: string
  readonly url: string
  readonly vouchesFor?: readonly string[]
}

/** What an app is opened with. */
export interface Opening {
  readonly trusted: readonly Trusted[]
  /** Providers that stand behind these. */
  readonly beside?: readonly IdentityProvider[]
  readonly signUp?: 'anyone' | 'nobody'
  readonly accounts?: AccountsSpec
  readonly setup?: Partial<AppSetup>
}

/** What a browser was answered. */
export interface Seen {
  readonly status: number
  /** Where it is: a whole address. */
  readonly at: string
  readonly text: string
}

/** Opens the app behind a real server, closed at the end of the test. */
export async function openStand(context: TestContext, opening: Opening) {
  const { trusted, beside = [], signUp, accounts, setup } = opening
  const issuers = trusted.map(({ name, url, vouchesFor = [] }) =>
    oidc(name, { issuer: url, title: name.toUpperCase(), vouchesFor }),
  )
  const signInWith = [...issuers, ...beside]
  const more = { ...(signUp ? { signUp } : {}), ...(accounts ? { accounts } : {}) }
  const people = app({ title: 'People', kits: [], signInWith, ...more })
  const tested = await testApp(people)
  const made: { handler?: Handler } = {}
  const server = new HttpServer({
    handler: (request) => (made.handler ?? assert.fail('not open yet'))(request),
    log: () => undefined,
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const origin = `http://localhost:${port}`
  const keys = { is: 'secret', ...appAtIssuer } as const
  const logged: LogEntry[] = []
  const whole = {
    ...{ database: tested.database, secret, production: false, publicUrl: origin },
    ...({ schema: 'settled', work: 'manual' } as const),
    providerKeys: new Map(signInWith.map(({ name }) => [name, keys])),
    ...setup,
  }
  const log = (entry: LogEntry): void => void logged.push(entry)
  const running = await openApp(people, whole, { clock: tested.clock, log })
  made.handler = running.handler
  context.after(async () => {
    await server.close()
    await running.close()
    await tested.close()
  })
  return {
    ...{ tested, running, origin, logged },
    browser: () => new Visitor(origin),
    records: running.users.records,
    /** The link of the latest mail to an address. */
    async link(to: string): Promise<string> {
      await running.worker.runDue()
      const mail = (await tested.mails()).find((one) => one.to.includes(to))
      return /https?:\/\/[^/\s]+(\/account\/\S+)/.exec(mail?.text ?? '')?.[1] ?? ''
    },
  }
}

/** Somebody at a browser: cookies of the app, and redirects to wherever they lead. */
export class Visitor {
  readonly origin: string
  readonly jar = new Map<string, string>()
  /** Cookies of everybody else. */
  readonly #others = new Map<string, string>()
  seen: Seen = { status: 0, at: '', text: '' }
  /** Where it was led, in order. */
  trail: string[] = []

  constructor(origin: string) {
    this.origin = origin
  }

  /** Goes to an address; stops before one that holds `stop`, and returns it as `at`. */
  async open(path: string, stop?: string): Promise<Seen> {
    return this.#go(path, {}, stop)
  }

  /** Presses the first button of this name. */
  async press(label: string, fields: Readonly<Record<string, string>> = {}): Promise<Seen> {
    const forms = this.seen.text.match(/<form[\s\S]*?<\/form>/g) ?? []
    const words = (form: string): string =>
      (/<button[^>]*>([\s\S]*?)<\/button>/.exec(form)?.[1] ?? '').replace(/<[^>]*>/g, '')
    const form = forms.find((one) => words(one).trim().startsWith(label))
    if (!form) assert.fail(`no button "${label}" in\n${this.seen.text}`)
    const values = new Map<string, string>()
    for (const input of form.match(/<input[^>]*>/g) ?? []) {
      const name = /\sname="([^"]*)"/.exec(input)?.[1]
      const unticked = input.includes('checkbox')
      if (name && !unticked) values.set(name, /\svalue="([^"]*)"/.exec(input)?.[1] ?? '')
    }
    for (const [name, value] of Object.entries(fields)) values.set(name, value)
    const action = (/\saction="([^"]*)"/.exec(form)?.[1] ?? '').replaceAll('&amp;', '&')
    return this.#go(action, {
      method: 'POST',
      body: new URLSearchParams([...values]).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...{ origin: 'null', 'sec-fetch-site': 'same-origin' },
      },
    })
  }

  async #go(path: string, request: RequestInit, stop?: string): Promise<Seen> {
    let at = new URL(path, this.origin)
    let asked = { ...request, headers: { 'sec-fetch-site': 'same-origin', ...request.headers } }
    this.trail = []
    for (let leaps = 0; leaps < 12; leaps++) {
      const own = at.origin === this.origin
      const jar = own ? this.jar : this.#others
      const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
      const headers = { ...asked.headers, ...(cookie ? { cookie } : {}) }
      const response = await fetch(at, { ...asked, headers, redirect: 'manual' })
      const text = await response.text()
      for (const line of response.headers.getSetCookie()) this.#keep(line, jar)
      const place = response.headers.get('location')
      this.seen = { status: response.status, at: at.href.replace(this.origin, ''), text }
      if (place === null) return this.seen
      at = new URL(place, at)
      this.trail.push(at.href)
      if (stop !== undefined && at.href.includes(stop)) return { ...this.seen, at: at.href }
      asked = { headers: { 'sec-fetch-site': 'cross-site' } }
    }
    return assert.fail('led in a circle')
  }

  #keep(line: string, jar: Map<string, string>): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/Max-Age=0$/.test(line)) jar.delete(name)
    else jar.set(name, value)
  }
}
