/** Owns the naming of cycles: which anomaly a circle of dependencies is, by its weakest edges. */

import { components, type Edge, type EdgeKind, type Follows, type Graph, way } from './graph.ts'
import type { Anomaly } from './history.ts'

/** A class of anomaly: the edges of its circles, and how many of them may be `rw`. */
interface Class {
  readonly name: string
  readonly kinds: readonly EdgeKind[]
  /** True: exactly one edge is `rw`, in addition to `kinds`. */
  readonly single?: true
}

// From the worst to the mildest: a circle is named by the first that it is.
const classes: readonly Class[] = [
  { name: 'G0', kinds: ['ww'] },
  { name: 'G1c', kinds: ['ww', 'wr'] },
  { name: 'G-single', kinds: ['ww', 'wr'], single: true },
  { name: 'G2-item', kinds: ['ww', 'wr', 'rw'] },
  { name: 'G0-realtime', kinds: ['ww', 'realtime'] },
  { name: 'G1c-realtime', kinds: ['ww', 'wr', 'realtime'] },
  { name: 'G-single-realtime', kinds: ['ww', 'wr', 'realtime'], single: true },
  { name: 'G2-item-realtime', kinds: ['ww', 'wr', 'rw', 'realtime'] },
]

/** The circles of a graph of transactions, one for each knot of them, by its worst class. */
export function cycleAnomalies(graph: Graph, nameOf: (node: number) => string): readonly Anomaly[] {
  const anomalies: Anomaly[] = []
  const done = new Set<number>()
  // Without real time first: a circle that needs it is a milder thing than one that does not.
  const plain = components(graph, ({ kind }) => kind !== 'realtime')
  for (const component of [...plain, ...components(graph, () => true)]) {
    if (component.some((node) => done.has(node))) continue
    for (const node of component) done.add(node)
    const found = worst(graph, component)
    if (found) anomalies.push({ kind: found.name, detail: tell(found.cycle, nameOf) })
  }
  return anomalies
}

interface Named {
  readonly name: string
  readonly cycle: readonly Edge[]
}

function worst(graph: Graph, component: readonly number[]): Named | undefined {
  const inside = new Set(component)
  for (const { name, kinds, single } of classes) {
    const follows: Follows = ({ kind, from, to }) =>
      kinds.includes(kind) && inside.has(from) && inside.has(to)
    const starts = single ? readWrites(graph, component, inside) : edgesOfKnots(graph, follows)
    for (const edge of starts) {
      const back = way(graph, { from: edge.to, to: edge.from }, follows)
      if (back) return { name, cycle: [edge, ...back] }
    }
  }
  return undefined
}

function readWrites(
  graph: Graph,
  component: readonly number[],
  inside: ReadonlySet<number>,
): readonly Edge[] {
  const edges = component.flatMap((node) => graph.from(node))
  return edges.filter(({ kind, to }) => kind === 'rw' && inside.has(to))
}

/** One edge of each knot is enough: every edge between two of its nodes lies on a circle. */
function edgesOfKnots(graph: Graph, follows: Follows): readonly Edge[] {
  return components(graph, follows).flatMap((component) => {
    const inside = new Set(component)
    const [node = 0] = component
    const edge = graph.from(node).find((each) => follows(each) && inside.has(each.to))
    return edge ? [edge] : []
  })
}

const linesMax = 18

function tell(cycle: readonly Edge[], nameOf: (node: number) => string): string {
  const lines = cycle.map(
    ({ from, to, kind, why }) => `${nameOf(from)} → ${nameOf(to)} (${kind}): ${why}`,
  )
  const left = lines.length - linesMax
  const shown = lines.slice(0, linesMax)
  return (left > 0 ? [...shown, `… and ${left} more`] : shown).join('\n')
}
