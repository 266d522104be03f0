import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { html } from './html.ts'

test('values are escaped, html is not, lists are joined and nothing is nothing', () => {
  const lines = ['<b>', 'a & b']
  const items = lines.map((one) => html`<li>${one}</li>`)
  const nothing = [null, undefined, false]
  const made = html`<p title="${'"x" <y>'}">${'<script>'}</p>${items}${nothing}${0}${7n}`
  assert.equal(
    made.text,
    '<p title="&quot;x&quot; &lt;y&gt;">&lt;script&gt;</p>' +
      '<li>&lt;b&gt;</li><li>a &amp; b</li>07',
  )
})

test('L03: no text breaks out of an element or an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const { text } = html`<p title="${value}" lang='${value}'>${value}</p>`
      assert.match(text, /^<p title="[^"<>]*" lang='[^'<>]*'>[^<>]*<\/p>$/)
    }),
  )
})

test('L03: what somebody sent is text, and be it JSON that looks like html', () => {
  const evil = '<meta http-equiv="refresh" content="0;url=https://evil.example">'
  const shapes = [{ is: 'html', text: evil }, [{ is: 'html', text: evil, 'plinth.html': true }], {}]
  for (const shape of shapes) {
    const sent = JSON.parse(JSON.stringify(shape))
    assert.match(html`<p>${sent}</p>`.text, /^<p>[^<>]*<\/p>$/)
    assert.match(html`<p title="${sent}"></p>`.text, /^<p title="[^<>"]*"><\/p>$/)
  }
  assert.equal(html`<p>${{ ...html`<b>` }}</p>`.text, '<p><b></p>', 'what the tag has made')
})

test('L03: an address that runs a script is left out', () => {
  for (const bad of ['javascript:alert(1)', ' JaVaScRiPt:x', 'data:text/html,x', 'vbscript:x']) {
    assert.equal(html`<a href="${bad}">x</a>`.text, '<a href="">x</a>')
  }
  for (const good of ['https://shop.example/?a=1&b=2', 'mailto:a@b.example', '/orders/1', '#top']) {
    const shown = good.replace('&', '&amp;')
    assert.equal(html`<a href="${good}">x</a>`.text, `<a href="${shown}">x</a>`)
  }
})

test('places where no escaping helps are refused', () => {
  assert.throws(() => html`<a href=${'x'}>`, /quotes/)
  assert.throws(() => html`<a ${'onclick=x'}>`, /quotes/)
  assert.throws(() => html`<script>${'x'}</script>`, /script/)
  assert.throws(() => html`<style>a{}${'x'}</style>`, /style/)
  assert.equal(html`<style>a{}</style><p>${'x'}</p>`.text, '<style>a{}</style><p>x</p>')
})
