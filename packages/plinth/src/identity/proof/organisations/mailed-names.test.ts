import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../../database/proof/servers.ts'
import { founded, type Office, openOffice } from './office.ts'

const hostile = [
  'Your account is blocked. Sign in at https://evil.example/login?a=1 now',
  'evil.example',
  'ｗｗｗ．ｅｖｉｌ．ｅｘａｍｐｌｅ',
  'Support (help@evil.example)',
  'Call +1 (888) 555-0123',
  '"><a href="https://evil.example">Accept</a>',
  'evil\u2060.\u200bexample \u202emoc.live',
  'Act at once. '.repeat(15),
]

// What mail programs make a link of, and what would be ours alone to say.
const links = [/[^\s.]\.[^\s.]/u, /:\S/u, /\/\S/u, /@\S/u, /\d(?:[^\p{L}\d]{0,3}\d){6}/u]

/** The mails to somebody, without what is ours in them: links to us, and the time. */
async function mailsTo({ tested }: Office, to: string) {
  await tested.drain()
  const sent = (await tested.mails()).filter((one) => one.to.includes(to))
  const ours = /https?:\/\/[\w.:-]+\/account\/[\w-]+(?:\?token=[\w-]+)?/g
  const when = /\d{4}-\d\d-\d\dT[\d:.]+Z/g
  return sent.map(({ subject, text, html }) => ({
    subject,
    text: String(text).replaceAll(ours, '').replaceAll(when, ''),
    html: String(html ?? '').replaceAll(ours, ''),
  }))
}

function isPlain(part: string, name: string): void {
  // As whoever follows an address reads it: `ｅｖｉｌ．ｅｘａｍｐｌｅ` is one too.
  for (const link of links) assert.doesNotMatch(part.normalize('NFKC'), link, name)
  assert.doesNotMatch(part, /[\p{Cf}\u2028\u2029]/u, name)
}

onBothServers('names in mails to others', (server) => {
  test('L02: an invitation sends no stranger where its name says', async (context) => {
    const office = await openOffice(server, context)
    const ada = await office.person('ada')
    const { records } = office.tested.running.users
    for (const [index, name] of hostile.entries()) {
      const organisation = await founded(ada, name)
      await records.update('user', ada.id, { name })
      const email = `stranger${index}@other.example`
      const invited = await ada.ask('inviteMember', { organisation, email, role: 'member' })
      assert.equal(invited.status, 202)
      const [mail, ...more] = await mailsTo(office, email)
      assert.ok(mail && more.length === 0, name)
      isPlain(mail.subject, name)
      isPlain(mail.text, name)
      const texts = mail.html.replaceAll(/<\/?(?:p|a)(?: href="")?>/g, '\n')
      isPlain(texts.replaceAll(/&#?\w+;/g, ''), name)
      assert.doesNotMatch(texts, /[<>]/, name)
      assert.match(mail.text, /“[^”]{1,50}”\. Accept within a week:/u, 'cut, and told as a name')
      assert.match(mail.text, /They have chosen these names themselves/)
    }
  })

  test('L02: nor does the mail about a key that somebody has ended', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    const { records } = office.tested.running.users
    for (const name of hostile) {
      const organisation = await founded(ada, name)
      await records.update('user', ada.id, { name })
      const place = { organisationId: organisation, userId: bob.id }
      const { id: membershipId } = await records.create('membership', { ...place, role: 'member' })
      const { id } = await records.create('apiKey', {
        ...{ ...place, membershipId },
        ...{ name: name.slice(0, 100), prefix: 'plk_abcd', scopes: ['read'] },
        ...{ tokenHash: organisation, expiresAt: '2100-01-01T00:00:00Z' },
      })
      const ended = await ada.ask('endOrganisationKey', { organisation, key: id })
      assert.equal(ended.status, 204, JSON.stringify(ended))
    }
    const mails = (await mailsTo(office, String(bob.email))).filter(({ subject }) =>
      subject.startsWith('Ended in'),
    )
    assert.equal(mails.length, hostile.length)
    for (const { subject, text } of mails) {
      isPlain(subject, subject)
      isPlain(text, text)
    }
  })
})
