/** Owns `plinth user create|list|set-roles|suspend|reset-factors|delete`. */

import { removeAccount } from '../../app/people/leaving/removal.ts'
import {
  createUser,
  findUser,
  listUsers,
  setRoles,
  setSuspended,
  type UserRecord,
} from '../../app/people/users.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import { readPassword, readPasswordFromPipe } from '../password.ts'
import { withApp } from '../session.ts'
import { columns, isInteractive, printData, tell } from '../terminal.ts'

/** Options of `plinth user create`. */
export interface CreateCommand {
  readonly app: string | undefined
  readonly email: string
  readonly name: string | undefined
  readonly roles: readonly string[]
  /** True: the password is the first line of stdin. */
  readonly passwordStdin: boolean
  /** True: a random password is made even where somebody could be asked. */
  readonly generate: boolean
  /** True: the address counts as confirmed. */
  readonly verified: boolean
}

/** Makes an account. */
export async function create(command: CreateCommand): Promise<void> {
  const password = await passwordOf(command)
  await withApp(command.app, async ({ running }) => {
    const { email, name, roles, verified } = command
    const made = await createUser(running.users, {
      ...{ email, roles, verified },
      ...(name === undefined ? {} : { name }),
      ...(password === undefined ? {} : { password }),
    })
    printData(made.id)
    tell(`Made ${made.email}${roles.length > 0 ? ` with the roles ${roles.join(', ')}` : ''}.`)
    if (password === undefined) tell(`Password, shown only now: ${made.password}`)
  })
}

async function passwordOf(command: CreateCommand): Promise<string | undefined> {
  if (command.passwordStdin) return readPasswordFromPipe()
  if (command.generate || !isInteractive()) return undefined
  tell('A password: a few words will do. Empty: a random one is made.')
  const password = await readPassword()
  return password === '' ? undefined : password
}

/** Lists all accounts. */
export async function list(app: string | undefined, form: string): Promise<void> {
  await withApp(app, async ({ running }) => {
    const rows: (readonly string[])[] = []
    for await (const user of listUsers(running.users)) {
      if (form === 'jsonl') printData(JSON.stringify(user))
      else rows.push(rowOf(user))
    }
    if (form === 'jsonl') return
    const head = ['EMAIL', 'NAME', 'ROLES', 'STATE', 'ID']
    for (const line of columns([head, ...rows])) printData(line)
  })
}

function rowOf({ email, name, roles, suspended, id }: UserRecord): readonly string[] {
  return [email, name ?? '-', roles.join(',') || '-', suspended ? 'suspended' : 'active', id]
}

/** Gives a user exactly these roles. */
export async function changeRoles(
  app: string | undefined,
  who: string,
  roles: readonly string[],
): Promise<void> {
  await withApp(app, async ({ running }) => {
    const user = await setRoles(running.users, who, roles)
    tell(`${user.email} has ${user.roles.length > 0 ? user.roles.join(', ') : 'no roles'}.`)
  })
}

/** Shuts a user out, or lets them in again. */
export async function suspend(
  app: string | undefined,
  who: string,
  suspended: boolean,
): Promise<void> {
  await withApp(app, async ({ running }) => {
    const { email } = await setSuspended(running.users, who, suspended)
    tell(suspended ? `${email} is suspended; their sessions are dead.` : `${email} is active.`)
  })
}

/** Takes all second factors off an account whose owner has lost them. */
export async function resetFactors(app: string | undefined, who: string): Promise<void> {
  await withApp(app, async ({ running }) => {
    const { id, email } = await findUser(running.users, who)
    await running.invoke({
      operation: 'identity.resetFactors',
      as: { caller: { is: 'unrestricted', reason: 'plinth user reset-factors' } },
      input: { user: id },
      ...{ remoteAddress: '', traceId: hex(randomBytes(16)) },
    })
    tell(`${email} signs in without a second factor until they set one up; a mail tells of it.`)
  })
}

/** Deletes an account, or empties it of the person where others refer to it. */
export async function remove(app: string | undefined, who: string): Promise<void> {
  await withApp(app, async ({ running }) => {
    const { id, email } = await findUser(running.users, who)
    const outcome = await removeAccount(running.runtime, {
      ...{ userId: id, name: 'identity.deleteAccount', traceId: hex(randomBytes(16)) },
      caller: { is: 'unrestricted', reason: 'plinth user delete' },
    })
    const kept = `Others refer to ${email}: the row stays, without anything of the person.`
    tell(outcome === 'deleted' ? `${email} is deleted.` : kept)
  })
}
