/** Owns the commands that move a sandbox's clock. */

import type { Command } from 'commander'
import { readApp, readOne } from '../arguments.ts'
import { addCommand, addGroup, examples } from './words.ts'

/** Adds `clock show|advance|set|reset`. */
export function addClockCommands(program: Command): void {
  const clock = addGroup(
    program,
    'clock',
    'show or move the app’s clock, to try renewals and time-outs; never in production',
  )
  addCommand(clock, 'show', 'what the app takes for now').action(async (words: string[]) => {
    const app = readApp(words, 'plinth clock show')
    const { show } = await import('../commands/clock.ts')
    await show(app)
  })
  addMove(clock, 'advance', 'by a length of time (ISO 8601); a minus goes back')
  addMove(clock, 'set', 'to a moment (RFC 3339); it goes on from there')
  addCommand(clock, 'reset', 'back to the machine’s own time').action(async (words: string[]) => {
    const app = readApp(words, 'plinth clock reset')
    const { move } = await import('../commands/clock.ts')
    await move(app, { reset: true })
  })
}

function addMove(clock: Command, name: 'advance' | 'set', description: string): void {
  const what = name === 'advance' ? '<length>' : '<moment>'
  addCommand(clock, name, description)
    .allowUnknownOption()
    .usage(`[app.ts] ${what}`)
    .action(async (words: string[]) => {
      const { app, word: text } = readOne(words, `plinth clock ${name} [app.ts] ${what}`)
      const { move } = await import('../commands/clock.ts')
      await move(app, name === 'advance' ? { by: text } : { to: text })
    })
    .addHelpText(
      'after',
      examples(
        name === 'advance'
          ? ['plinth clock advance P30D', 'plinth clock advance -PT90M']
          : ['plinth clock set 2027-01-01T00:00:00Z'],
      ),
    )
}
