/** Owns the choice of a quantity: two buttons and a number. */

interface QuantityProperties {
  readonly name: string
  readonly value: number
  readonly most: number
  readonly onChange: (quantity: number) => void
}

/** So many of something. */
export function Quantity({ name, value, most, onChange }: QuantityProperties) {
  return (
    <fieldset className="quantity">
      <legend className="unseen">Quantity of {name}</legend>
      <button type="button" aria-label={`One ${name} less`} onClick={() => onChange(value - 1)}>
        −
      </button>
      <output aria-live="polite">{value}</output>
      <button
        type="button"
        aria-label={`One ${name} more`}
        disabled={value >= most}
        onClick={() => onChange(value + 1)}
      >
        +
      </button>
    </fieldset>
  )
}
