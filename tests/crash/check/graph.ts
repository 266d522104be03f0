/** Owns graphs with named edges: their strongly connected components, and shortest ways in them. */

/** Why one node comes before another. */
export type EdgeKind = 'ww' | 'wr' | 'rw' | 'realtime'

/** An edge, and what shows it. */
export interface Edge {
  readonly from: number
  readonly to: number
  readonly kind: EdgeKind
  readonly why: string
}

/** A graph over the nodes 0 … size - 1. */
export class Graph {
  readonly size: number
  readonly #edges: Edge[][]
  readonly #known = new Set<string>()

  constructor(size: number) {
    this.size = size
    this.#edges = Array.from({ length: size }, () => [])
  }

  /** Adds an edge; a second one of the same kind between the same nodes says nothing new. */
  add(edge: Edge): void {
    const name = `${edge.from} ${edge.to} ${edge.kind}`
    if (edge.from === edge.to || this.#known.has(name)) return
    this.#known.add(name)
    this.#edges[edge.from]?.push(edge)
  }

  /** The edges that leave a node. */
  from(node: number): readonly Edge[] {
    return this.#edges[node] ?? []
  }
}

/** Which edges count. */
export type Follows = (edge: Edge) => boolean

/** The components of more than one node, by Tarjan's algorithm, without recursion. */
export function components(graph: Graph, follows: Follows): readonly (readonly number[])[] {
  const walk = new Walk(graph, follows)
  for (let node = 0; node < graph.size; node++) walk.visit(node)
  return walk.found
}

interface Frame {
  readonly node: number
  next: number
}

class Walk {
  readonly found: number[][] = []
  readonly #graph: Graph
  readonly #follows: Follows
  readonly #index = new Map<number, number>()
  readonly #low = new Map<number, number>()
  readonly #stack: number[] = []
  readonly #onStack = new Set<number>()

  constructor(graph: Graph, follows: Follows) {
    this.#graph = graph
    this.#follows = follows
  }

  visit(start: number): void {
    if (this.#index.has(start)) return
    const frames: Frame[] = [this.#enter(start)]
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const edge = this.#graph.from(frame.node)[frame.next++]
      if (edge === undefined) {
        frames.pop()
        this.#leave(frame.node, frames.at(-1)?.node)
      } else if (this.#follows(edge)) {
        if (!this.#index.has(edge.to)) frames.push(this.#enter(edge.to))
        else if (this.#onStack.has(edge.to)) this.#lower(frame.node, this.#index.get(edge.to))
      }
    }
  }

  #enter(node: number): Frame {
    const index = this.#index.size
    this.#index.set(node, index)
    this.#low.set(node, index)
    this.#stack.push(node)
    this.#onStack.add(node)
    return { node, next: 0 }
  }

  #leave(node: number, parent: number | undefined): void {
    const low = this.#low.get(node)
    if (parent !== undefined) this.#lower(parent, low)
    if (low !== this.#index.get(node)) return
    const component: number[] = []
    for (let member = this.#stack.pop(); member !== undefined; member = this.#stack.pop()) {
      this.#onStack.delete(member)
      component.push(member)
      if (member === node) break
    }
    if (component.length > 1) this.found.push(component)
  }

  #lower(node: number, to = 0): void {
    this.#low.set(node, Math.min(this.#low.get(node) ?? to, to))
  }
}

/** The shortest way from one node to another; undefined where there is none. */
export function way(
  graph: Graph,
  { from, to }: { readonly from: number; readonly to: number },
  follows: Follows,
): readonly Edge[] | undefined {
  const reachedBy = new Map<number, Edge>()
  const waiting = [from]
  for (let at = 0; at < waiting.length; at++) {
    for (const edge of graph.from(waiting[at] ?? from)) {
      if (!follows(edge) || reachedBy.has(edge.to)) continue
      reachedBy.set(edge.to, edge)
      if (edge.to === to) return trace(reachedBy, { from, to })
      waiting.push(edge.to)
    }
  }
  return undefined
}

function trace(
  reachedBy: ReadonlyMap<number, Edge>,
  { from, to }: { readonly from: number; readonly to: number },
): readonly Edge[] {
  const edges: Edge[] = []
  let node = to
  do {
    const edge = reachedBy.get(node)
    if (edge === undefined) break
    edges.unshift(edge)
    node = edge.from
  } while (node !== from)
  return edges
}
