/** Owns the proof of what `tenant` means for types: one line, and the relation is there. */

import { app, belongsTo, hasMany, identity, kit, text } from 'plinth'

const work = kit('work', {
  uses: [identity],
  models: {
    project: {
      tenant: true,
      fields: { name: text(), tasks: hasMany('task') },
      access: {
        read: ({ row, me }) => me.in(row.organisation, 'admin').or(row.name.eq('a')),
        update: ({ row, me }) => row.organisationId.eq(me.organisation),
        // @ts-expect-error nobody sends the organisation
        create: ({ input }) => input.organisationId.given(),
        delete: ({ me }) => me.may('project.delete'),
      },
      key: ['name'],
    },
    task: {
      tenant: { onDelete: 'cascade' },
      fields: { project: belongsTo('project'), title: text() },
      access: { read: ({ row, me }) => me.in(row.project.organisation) },
    },
    note: {
      fields: { text: text() },
      access: {
        // @ts-expect-error no tenant's, so there is no organisation
        read: ({ row, me }) => me.in(row.organisation),
      },
    },
  },
})

export const works = app({ kits: [work], organisations: { roles: { admin: ['project.delete'] } } })

export const open = work.action('open', {
  allow: ({ me }) => me.may('project.delete'),
  output: { organisation: text({ optional: true }) },
  async run({ data, me }) {
    const project = await data.project.create({ name: 'One' })
    const organisationId: string = project.organisationId
    // @ts-expect-error it is the active one
    await data.project.create({ name: 'Two', organisationId })
    // @ts-expect-error past the rules it is the active one too
    await data.unrestricted.project.upsert({ name: 'Two', organisationId })
    // @ts-expect-error it never changes
    await data.unrestricted.acrossOrganisations.project.update(project.id, { organisationId })
    await data.unrestricted.acrossOrganisations.project.create({ name: 'Two', organisationId })
    // @ts-expect-error across organisations it has to be said
    await data.unrestricted.acrossOrganisations.project.create({ name: 'Two' })
    await data.unrestricted.acrossOrganisations.note.create({ text: 'x' })
    // @ts-expect-error a note has no organisation
    await data.note.create({ text: 'x', organisationId })
    await data.task.find({ filter: { project: { organisationId }, organisation: { slug: 'a' } } })
    const { data: tasks } = await data.task.find({ include: { organisation: true } })
    const name: string | undefined = tasks[0]?.organisation?.name
    const active: string | null = me.organisation
    return { organisation: me.may('project.delete') ? active : (name ?? null) }
  },
})
