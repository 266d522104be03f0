/** Owns the making of page elements. Text is always text: nothing here reads HTML. */

/**
 * Makes an element. `properties` become attributes; functions become listeners (`click`, `submit`).
 */
export function make(tag, properties, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === 'function') element.addEventListener(name, value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value))
  }
  element.append(...children.flat().filter((child) => child !== undefined))
  return element
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== undefined))
}

/** A sentence of ours in which `words` between backticks are code. */
export function prose(text) {
  return String(text ?? '')
    .split('`')
    .map((part, index) => (index % 2 === 0 ? part : make('code', {}, part)))
}

/** A button that copies what `read` returns. */
export function copyButton(label, read) {
  const button = make('button', { type: 'button', class: 'quiet' }, label)
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(read())
    button.textContent = 'Copied'
    setTimeout(() => fill(button, label), 1500)
  })
  return button
}
