/** Owns the beginning of the storefront: the client, the frame, and which page is shown. */

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BasketProvider } from './basket/basket.tsx'
import { Account } from './pages/account.tsx'
import { BasketPage } from './pages/basket.tsx'
import { Catalogue } from './pages/catalogue.tsx'
import { Checkout } from './pages/checkout.tsx'
import { Order } from './pages/order.tsx'
import { Orders } from './pages/orders.tsx'
import { Product } from './pages/product.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { SignUp } from './pages/sign-up.tsx'
import { ToShip } from './pages/to-ship.tsx'
import { Boundary, Frame } from './parts/frame.tsx'
import { StepUp } from './parts/step-up.tsx'
import { ClientProvider, client } from './shop/client.ts'
import { useRoute } from './shop/route.ts'

function Page() {
  const { parts } = useRoute()
  const [first = '', second] = parts
  if (first === '') return <Catalogue />
  if (first === 'products' && second) return <Product key={second} sku={second} />
  if (first === 'orders' && second) return <Order key={second} number={second} />
  switch (first) {
    case 'basket':
      return <BasketPage />
    case 'checkout':
      return <Checkout />
    case 'orders':
      return <Orders />
    case 'to-ship':
      return <ToShip />
    case 'account':
      return <Account />
    case 'sign-in':
      return <SignIn />
    case 'sign-up':
      return <SignUp />
    default:
      return <h1>There is no such page</h1>
  }
}

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <ClientProvider client={client}>
        <BasketProvider>
          <Frame>
            <Boundary>
              <Page />
            </Boundary>
          </Frame>
          <StepUp />
        </BasketProvider>
      </ClientProvider>
    </StrictMode>,
  )
}
