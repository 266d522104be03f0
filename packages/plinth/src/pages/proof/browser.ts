/** Owns a browser without scripts: it keeps cookies, fills forms and follows where it is led. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Handler } from '../../http/message.ts'
import { HttpServer } from '../../http/server.ts'
import { type App, app } from '../../index.ts'
import { type TestApp, type TestOptions, testApp } from '../../testing/test-app.ts'

/** A password that anybody may have. */
export const password = 'correct horse battery'

/** What a browser was answered. */
export interface Shown {
  readonly status: number
  /** Where it is now: path and query. */
  readonly at: string
  readonly text: string
  readonly headers: Headers
  /** The `set-cookie` lines of all answers on the way. */
  readonly cookies: readonly string[]
}

/** What a form is sent with, in place of or beside what it holds. */
export interface Filling {
  readonly button: string
  readonly fields?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Somebody at a browser. */
export class Browser {
  readonly origin: string
  readonly jar = new Map<string, string>()
  /** What is shown now. */
  shown: Shown | undefined

  constructor(origin: string) {
    this.origin = origin
  }

  /** Goes to an address of the app. */
  async open(path: string): Promise<Shown> {
    return this.#go(path, {})
  }

  /** Sends the form that has a button of this name. */
  async press({ button, fields = {}, headers = {} }: Filling): Promise<Shown> {
    const form = formWith(present(this.shown).text, button)
    const values = { ...form.values, ...fields }
    return this.send(form.action, values, headers)
  }

  /** Sends a form as a browser does from a page without a referrer. */
  async send(
    path: string,
    values: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Shown> {
    return this.#go(path, {
      method: 'POST',
      body: new URLSearchParams(values).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...{ origin: 'null', 'sec-fetch-site': 'same-origin', ...headers },
      },
    })
  }

  /** Calls an operation as a script of the app's own page does: cookies go along and are kept. */
  async call(path: string, input: object): Promise<Shown> {
    return this.#go(path, {
      method: 'POST',
      body: JSON.stringify(input),
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    })
  }

  async #go(path: string, request: RequestInit): Promise<Shown> {
    const kept: string[] = []
    let [at, asked] = [path, request]
    for (let leaps = 0; leaps < 5; leaps++) {
      const cookie = [...this.jar].map((pair) => pair.join('=')).join('; ')
      const response = await fetch(this.origin + at, {
        ...asked,
        headers: { ...(asked.headers as Record<string, string>), ...(cookie ? { cookie } : {}) },
        redirect: 'manual',
      })
      const text = await response.text()
      kept.push(...response.headers.getSetCookie())
      if (response.headers.get('clear-site-data')?.includes('"cookies"')) this.jar.clear()
      for (const line of response.headers.getSetCookie()) this.#keep(line)
      const { status, headers } = response
      const place = headers.get('location')
      if (place === null || status === 201) {
        this.shown = { status, at, text, headers, cookies: kept }
        return this.shown
      }
      assert.equal(status, 303, 'what was sent is never sent again')
      assert.match(place, /^\/(?!\/)/)
      at = place
      asked = {}
    }
    assert.fail(`led in a circle: ${at}`)
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    assert.match(line, /; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/)
    if (/Max-Age=0$/.test(line)) this.jar.delete(name)
    else this.jar.set(name, value)
  }
}

interface Form {
  readonly action: string
  readonly values: Readonly<Record<string, string>>
}

function formWith(page: string, label: string): Form {
  const forms = page.match(/<form[\s\S]*?<\/form>/g) ?? []
  const form = forms.find((text) => {
    const words = (/<button[^>]*>([\s\S]*?)<\/button>/.exec(text)?.[1] ?? '').replace(
      /<[^>]*>/g,
      '',
    )
    return words.replace(/\s+/g, ' ').trim().startsWith(label)
  })
  if (form === undefined) assert.fail(`no button "${label}" in\n${page}`)
  const values = (form.match(/<input[^>]*>/g) ?? []).flatMap((input) => {
    const named = attribute(input, 'name')
    const unticked = /type="checkbox"/.test(input) && !/ checked/.test(input)
    return named === undefined || unticked
      ? []
      : [[named, attribute(input, 'value') ?? ''] as const]
  })
  return { action: attribute(form, 'action') ?? '', values: Object.fromEntries(values) }
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return found
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

function present<T>(value: T | undefined): T {
  return value ?? assert.fail('nothing is shown yet')
}

/** An app of accounts behind a real server. */
export interface Stand {
  readonly tested: TestApp<Record<never, never>>
  readonly origin: string
  /** A browser of somebody new. */
  readonly browser: () => Browser
  /** The link of the latest mail to an address, as a path of the app. */
  readonly link: (to: string) => Promise<string>
}

/** Opens an app with these pages, closed at the end of the test. */
export async function stand(
  context: TestContext,
  declared: Partial<Parameters<typeof app>[0]> = {},
): Promise<Stand> {
  return standOf(context, app({ title: 'People & Co', kits: [], ...declared }))
}

/** Opens an app behind a real server, closed at the end of the test. */
export async function standOf(
  context: TestContext,
  declared: App<unknown>,
  options: Pick<TestOptions, 'seed'> = {},
): Promise<Stand> {
  // The server first: passkeys are made for its address, and for no other.
  const opened: { handler?: Handler } = {}
  const handler: Handler = (request) => present(opened.handler)(request)
  const server = new HttpServer({ handler, log: () => undefined })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  context.after(() => server.close())
  const origin = `http://localhost:${port}`
  const tested = await testApp(declared as never, { localUrl: origin, ...options })
  context.after(() => tested.close())
  opened.handler = tested.running.handler
  return {
    ...{ tested: tested as Stand['tested'], origin },
    browser: () => new Browser(origin),
    async link(to) {
      await tested.drain()
      const mail = (await tested.mails()).find((one) => one.to.includes(to))
      const found = /https?:\/\/[^/\s]+(\/account\/\S+)/.exec(mail?.text ?? '')?.[1]
      return found ?? assert.fail(`no mail to ${to} with a link`)
    },
  }
}
