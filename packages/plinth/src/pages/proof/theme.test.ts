import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPages } from '../../app/delivery/pages.ts'
import { app, html, type PagesSpec } from '../../index.ts'
import { styleSheet } from '../theme.ts'
import { stand } from './browser.ts'

test('an app has its own colours, rules, logo and language', async (context) => {
  const { browser } = await stand(context, {
    pages: {
      logo: 'The <Shop>',
      language: 'pt-BR',
      colours: { accent: ['#8a2a0a', '#ffb59a'], ground: 'ivory' },
      css: '.logo { font-size: 3rem }',
    },
  })
  const { text } = await browser().open('/account/sign-in')
  assert.match(text, /<html lang="pt-BR">/)
  assert.match(text, /The &lt;Shop&gt;/)
  const styles = (await browser().open('/account/style.css')).text
  assert.match(styles, /--accent: light-dark\(#8a2a0a, #ffb59a\)/)
  assert.match(styles, /--ground: light-dark\(ivory, ivory\)/)
  assert.ok(styles.trimEnd().endsWith('.logo { font-size: 3rem }'))
  assert.ok(styles.indexOf('#8a2a0a') > styles.indexOf('--accent'), 'behind ours')
})

test('an app replaces a page by one of its own, typed by its view', async (context) => {
  const { browser, link } = await stand(context, {
    pages: {
      replace: {
        verifyEmail: ({ form, app: name }) => ({
          title: `Olá ${name}`,
          content: html`<h1>Quase lá</h1><form method="post" action="${form.action}">
            <input type="hidden" name="token" value="${form.hidden.token}">
            <input name="password" type="password"><b>${form.problems.password}</b>
            <button>É meu</button></form>`,
        }),
        signIn: ({ form, failure }) => html`<h1>Entrar</h1><p>${failure}</p>
          <form method="post" action="${form.action}">
          <input name="email" value="${form.values.email}"><b>${form.problems.email}</b>
          <input name="password" type="password"><button>Entrar</button></form>`,
      },
    },
  })
  const ann = browser()
  const email = 'ann@people.example'
  await ann.open('/account/sign-up')
  await ann.press({ button: 'Make', fields: { email, password: 'correct horse battery' } })
  await ann.open(await link(email))
  assert.match(ann.shown?.text ?? '', /<title>Olá People &amp; Co – People &amp; Co<\/title>/)
  const click = await ann.press({ button: 'É meu' })
  assert.match(click.text, /<b>Give the password that you chose/)
  await ann.press({ button: 'É meu', fields: { password: 'correct horse battery' } })
  assert.equal(ann.shown?.at, '/account?done=email-verified')
  await ann.press({ button: 'Sign out' })
  const wrong = await ann.press({
    button: 'Entrar',
    fields: { email: 'no address', password: 'x' },
  })
  assert.match(wrong.text, /value="no address"><b>[^<]+<\/b>/)
})

test('an app without pages has none; one without sign-up shows no way to it', async (context) => {
  const none = await stand(context, { pages: false })
  const { text } = await none.tested.request('GET', '/account/sign-in')
  assert.match(text, /"code":"not_found"/)
  const closed = await stand(context, { signUp: 'nobody' })
  assert.equal((await closed.browser().open('/account/sign-up')).status, 404)
  const { text: page } = await closed.browser().open('/account/sign-in')
  assert.doesNotMatch(page, /sign-up/)
})

test('a mistake in what an app declares is told with its cure', () => {
  const mistakes: readonly (readonly [PagesSpec, RegExp])[] = [
    [{ colours: { accent: 'red; } body { display: none' } }, /pages\.colours\.accent is "red; }/],
    [{ colours: { accent: ['#12', 'red'] } }, /"#12"/],
    [{ colours: { acent: 'red' } as never }, /no "acent": there are ground/],
    [{ language: 'en" onload="' }, /pages\.language/],
  ]
  for (const [pages, told] of mistakes) {
    const check = () => checkPages(app({ kits: [], pages }))
    assert.throws(check, (error: Error) => told.test(error.message), String(told))
  }
  for (const colour of ['#fff', '#1f5fbfcc', 'rebeccapurple', 'oklch(62% 0.2 250 / 90%)']) {
    checkPages(app({ kits: [], pages: { colours: { ink: colour } } }))
  }
  assert.doesNotMatch(styleSheet({}), /undefined/)
})
