/** Owns a family of workflows: a parent whose children do things that may have to be undone. */

import { text } from '../../../../index.ts'
import { deskKit } from '../desk.ts'

/** The kit of the family. */
export const desk = deskKit()

/** What tells the parent how it goes on. */
export const word = desk.signal('word', { say: text() })

/** What happens just before something is undone, while nothing of it is stored. */
export const behaviour: { undoing: (what: string) => void | Promise<void> } = {
  undoing: () => undefined,
}

/** Marks that something is undone. */
function undoOf(what: string) {
  return async ({ data }: { readonly data: MarkData }): Promise<void> => {
    await data.unrestricted.mark.create({ text: `undo ${what}` })
    await behaviour.undoing(what)
  }
}

interface MarkData {
  readonly unrestricted: {
    readonly mark: { create(values: { readonly text: string }): Promise<unknown> }
  }
}

const grandchild = desk.workflow('grandchild', {
  input: { name: text() },
  run: ({ input, step }) => {
    const what = `${input.name} g`
    return step('g', async () => what, { undo: undoOf(what) })
  },
})

const child = desk.workflow('child', {
  input: { name: text() },
  async run({ input, step, child: begin }) {
    const { name } = input
    await step('one', async () => 1, { undo: undoOf(`${name} 1`) })
    await begin('grand', grandchild, { name })
    await step('two', async () => 2, { undo: undoOf(`${name} 2`) })
    return name
  },
})

const plain = desk.workflow('plain', { run: async ({ step }) => step('only', async () => 1) })

/** Two children, one that has nothing to undo, and what stands around them. */
export const parent = desk.workflow('parent', {
  async run({ step, child: begin, waitForSignal, fail }) {
    await step('first', async () => 1, { undo: undoOf('first') })
    const a = await begin('a', child, { name: 'a' })
    await begin('plain', plain, {})
    await step('between', async () => 1, { undo: undoOf('between') })
    const b = await begin('b', child, { name: 'b' })
    const { say } = (await waitForSignal('word', word)) ?? { say: '' }
    if (say === 'fail') throw fail('it was not wanted')
    return [a, b]
  },
})

/** What must be marked, in this order, where the parent is undone. */
export const undone: readonly string[] = [
  ...['undo b 2', 'undo b g', 'undo b 1', 'undo between'],
  ...['undo a 2', 'undo a g', 'undo a 1', 'undo first'],
]
