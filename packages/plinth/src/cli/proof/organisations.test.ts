/** Proves the commands that are told an organisation: import, export, explain, keys, tokens. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AppFolder, appFolder, type Served } from './process.ts'

const office = `
import { app, belongsTo, identity, kit, text } from 'plinth'
import { cell, importer } from 'plinth/server'

const work = kit('work', {
  uses: [identity],
  models: {
    project: {
      tenant: true,
      audit: true,
      fields: { name: text({ max: 40 }), note: text({ optional: true, max: 40 }) },
      access: { read: ({ me }) => me.signedIn, delete: ({ me }) => me.may('project.delete') },
      key: ['name'],
    },
    task: {
      tenant: true,
      fields: { title: text({ max: 40 }), project: belongsTo('project') },
      access: { read: ({ me }) => me.signedIn },
      key: ['project', 'title'],
    },
  },
})

export const tasks = importer('tasks', {
  kits: [work],
  columns: { project: cell('Project'), title: cell('Task'), note: cell('Note') },
  row({ row, put }) {
    put('project', { name: row.project, note: row.note })
    put('task', { title: row.title, project: { name: row.project } })
  },
})

export default app({
  title: 'Office',
  kits: [identity, work],
  organisations: { roles: { lead: ['project.delete'], member: [] } },
  services: {
    billing: { scopes: ['read'], organisationRole: 'member' },
    press: { scopes: ['read'] },
  },
  async seed({ data, createUser }) {
    const { id: userId } = await createUser({ email: 'ann@office.example' })
    await createUser({ email: 'ben@office.example' })
    for (const [slug, role] of [['acme', 'lead'], ['bolt', 'member']]) {
      const { id } = await data.organisation.create({ name: slug, slug })
      await data.membership.create({ organisationId: id, userId, role })
    }
  },
})
`

const file = (note: string): string =>
  `Project,Task,Note\none,first,${note}\none,second,${note}\ntwo,first,${note}\n`

const namesOf = (lines: string): string =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; note: string })
    .map(({ name, note }) => `${name} ${note}`)
    .sort()
    .join(', ')

type Beside = (folder: AppFolder, served: Served) => Promise<void>

const imports: Beside = async (folder) => {
  await folder.write('acme.csv', file('ours'))
  await folder.write('bolt.csv', file('theirs'))
  const without = await folder.run(['import', 'acme.csv'])
  assert.equal(without.code, 2, without.told)
  assert.match(without.told, /belong to one organisation each: say to which, by --organisation/)
  const unknown = await folder.run(['import', 'acme.csv', '--organisation', 'acmee'])
  assert.equal(unknown.code, 1)
  assert.match(unknown.told, /There is no organisation "acmee": give its id, or its slug/)
  for (const slug of ['acme', 'bolt']) {
    const { told, code } = await folder.run(['import', `${slug}.csv`, '--organisation', slug])
    assert.equal(code, 0, told)
    assert.match(told, /project\s+2 created[\s\S]*task\s+3 created/)
  }
  // The same names stand in both: a second import finds its own alone.
  const again = await folder.run(['import', 'acme.csv', '--organisation', 'acme'])
  assert.match(again.told, /project\s+0 created\s+0 changed\s+2 unchanged/)
  await folder.write('new.csv', file('newer'))
  const newer = await folder.run(['import', 'new.csv', '--organisation', 'bolt'])
  assert.match(newer.told, /project\s+0 created\s+2 changed/)
}

const exports: Beside = async (folder) => {
  const read = async (...words: string[]) =>
    folder.run(['export', 'project', '--format', 'jsonl', ...words])
  assert.equal(namesOf((await read()).data), 'one newer, one ours, two newer, two ours')
  assert.equal(namesOf((await read('--organisation', 'acme')).data), 'one ours, two ours')
  const ann = ['--as', 'ann@office.example']
  assert.equal(namesOf((await read(...ann, '--organisation', 'bolt')).data), 'one newer, two newer')
  assert.match((await read(...ann)).told, /belongs to an organisation/)
  const ben = await read('--as', 'ben@office.example', '--organisation', 'bolt')
  assert.equal(ben.code, 2)
  assert.match(ben.told, /ben@office\.example is no member of the organisation bolt/)
  const tasks = await folder.run(['export', 'task', '-f', 'jsonl', '--organisation', 'acme'])
  const projects = (await read('--organisation', 'acme')).data
  for (const line of tasks.data.trim().split('\n')) {
    assert.ok(projects.includes((JSON.parse(line) as { projectId: string }).projectId), line)
  }
}

const explains: Beside = async (folder) => {
  const { data } = await folder.run(['export', 'project', '-f', 'jsonl', '--organisation', 'acme'])
  const { id } = JSON.parse(data.split('\n')[0] ?? '') as { id: string }
  const ask = (...words: string[]) => folder.run(['explain', 'project', id, ...words])
  const ann = ['--as', 'ann@office.example']
  const there = (await ask(...ann, '--organisation', 'acme')).data
  assert.match(there, /✓ read:[\s\S]*✓ delete:/)
  for (const words of [ann, [...ann, '--organisation', 'bolt']]) {
    const { data: told } = await ask(...words)
    assert.match(told, /✗ read:[\s\S]*✗ row\.organisationId = me\.organisation/)
  }
  const nobody = await ask('--as', 'anonymous', '--organisation', 'acme')
  assert.equal(nobody.code, 2, nobody.told)
}

const credentials: Beside = async (folder, { base }) => {
  const count = async (token: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token.trim()}` }
    const body = (await (await fetch(`${base}/api/projects`, { headers })).json()) as {
      data?: readonly { note: string }[]
      code?: string
    }
    return body.data?.map(({ note }) => note).join() ?? String(body.code)
  }
  const words = ['key', 'create', 'ann@office.example', '--name', 'till', '--scopes', 'read']
  const key = await folder.run([...words, '--organisation', 'acme'])
  assert.equal(await count(key.data), 'ours,ours', key.told)
  assert.equal(await count((await folder.run(words)).data), 'organisation_required')
  const listed = await folder.run(['key', 'list', 'ann@office.example'])
  assert.match(listed.data, /till\s+read\s+acme/)
  assert.match(listed.data, /till\s+read\s+-/)
  const ben = words.map((word) => word.replace('ann@', 'ben@'))
  const foreign = await folder.run([...ben, '--organisation', 'acme'])
  assert.match(foreign.told, /ben@office\.example is no member of that organisation/)
  const token = await folder.run(['service', 'token', 'billing', '--organisation', 'bolt'])
  assert.equal(await count(token.data), 'newer,newer', token.told)
  const refused = await folder.run(['service', 'token', 'press', '--organisation', 'bolt'])
  assert.equal(refused.code, 1)
  assert.match(refused.told, /press works in no organisation/)
}

test('commands that are told an organisation', async (t) => {
  const folder = await appFolder(t, office)
  const served = await folder.serve(['start'])
  await t.test('import puts records into it, and into none without', () => imports(folder, served))
  await t.test('export reads it alone', () => exports(folder, served))
  await t.test('explain asks as somebody at work in it', () => explains(folder, served))
  await t.test('keys and tokens are made for it', () => credentials(folder, served))
  await served.end()
})
