/** Owns the controls of a business, in the store as in the product: F01, F03, F04, F05. */

import { type AttackControl, against } from './against.ts'

const proof = (name: string): string => `examples/store/checkout/proof/${name}.test.ts`

/** What holds off those who would have more than they pay for. */
export const businessControls: readonly AttackControl[] = [
  against(
    'F01',
    proof('races'),
    'F01: 50',
  )('the one statement that takes within a limit', {
    file: 'engine/logic/data/records.ts',
    from: "if (isSabotaged('two-step-take')) return",
    to: "if (id !== '') return",
  }),
  against('F01', proof('doors'))('the end of what is left', {
    file: 'examples/store/checkout/order.ts',
    from: 'if (!taken) return name',
    to: 'if (!taken && name === "") return name',
  }),
  against('F03', proof('doors'))('the price that the buyer was shown', {
    file: 'examples/store/checkout/order.ts',
    from: 'if (input.total && BigInt(input.total.amount) !== net) throw',
    to: 'if (input.total && net < 0n) throw',
  }),
  against('F04', proof('doors'))('the end of what was captured', {
    file: 'examples/store/checkout/refund.ts',
    from: "takeWithinLimit(payment.id, taking))) return 'too_much'",
    to: "takeWithinLimit(payment.id, taking)) && amount < 0) return 'too_much'",
  }),
  against('F05', proof('doors'))('the orders that one account holds at once', {
    file: 'examples/store/checkout/order.ts',
    from: 'if (held >= unpaidMax) throw',
    to: 'if (held < 0) throw',
  }),
  against(
    'F05',
    proof('pay'),
    'F05',
  )('the time for which an order waits', {
    file: 'examples/store/checkout/pay.ts',
    from: '{ timeout: patience }',
    to: "{ timeout: 'P900D' }",
  }),
]
