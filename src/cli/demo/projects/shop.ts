import type { DemoProject } from '../demoProject.ts';

/** A shop for outdoor gear: three versions of its schema, the busiest history. */
export const shop: DemoProject = {
  key: 'shop',
  owner: 'mara',
  startedDaysAgo: 210,
  fields: {
    name: 'Nordwind Outdoor Shop',
    description: 'Web shop for outdoor gear: catalogue, baskets, orders, shipments. Replaces the old monolith step by step.',
    status: 'active',
    framework: 'NestJS',
    database: 'PostgreSQL',
    repository: 'https://github.com/fjord-demo/nordwind-shop',
    deploymentUrl: 'https://shop.demo.example',
    tags: ['e-commerce', 'customer-facing'],
  },
  members: [
    { person: 'tomas', role: 'admin' },
    { person: 'aiko', role: 'viewer' },
  ],
  schema: {
    name: 'shop',
    versions: [
      `CREATE TABLE customers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email varchar(254) NOT NULL UNIQUE,
  full_name varchar(120) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE categories (
  id serial PRIMARY KEY,
  parent_id integer REFERENCES categories (id) ON DELETE SET NULL,
  name varchar(80) NOT NULL
);
CREATE INDEX categories_parent_idx ON categories (parent_id);
CREATE TABLE products (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  category_id integer NOT NULL REFERENCES categories (id),
  sku varchar(32) NOT NULL UNIQUE,
  title varchar(160) NOT NULL,
  description text,
  price numeric(10,2) NOT NULL,
  stock integer NOT NULL DEFAULT 0
);
CREATE INDEX products_category_idx ON products (category_id);
CREATE TABLE orders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  customer_id uuid NOT NULL REFERENCES customers (id),
  status varchar(20) NOT NULL DEFAULT 'open',
  total numeric(10,2) NOT NULL DEFAULT 0,
  placed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_customer_idx ON orders (customer_id, placed_at);
CREATE TABLE order_items (
  order_id uuid NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  product_id uuid NOT NULL REFERENCES products (id),
  quantity integer NOT NULL,
  unit_price numeric(10,2) NOT NULL,
  PRIMARY KEY (order_id, product_id)
);
CREATE INDEX order_items_product_idx ON order_items (product_id);`,
      `CREATE TABLE shipments (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  order_id uuid NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  carrier varchar(40) NOT NULL,
  tracking_code varchar(64),
  shipped_at timestamptz
);
CREATE INDEX shipments_order_idx ON shipments (order_id);
ALTER TABLE customers ADD COLUMN phone varchar(32);`,
      `CREATE TABLE reviews (
  id bigserial PRIMARY KEY,
  product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  customer_id uuid NOT NULL REFERENCES customers (id),
  rating smallint NOT NULL,
  body text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reviews_product_idx ON reviews (product_id, created_at);
CREATE INDEX reviews_customer_idx ON reviews (customer_id);`,
    ],
  },
  architectures: [
    {
      name: 'Production',
      description: 'What runs today, with the old monolith still behind the order service.',
      nodes: [
        ['browser', 'web-app', 'Storefront', 0, 1],
        ['cdn', 'cdn', 'CDN', 1, 0],
        ['gateway', 'api-gateway', 'API gateway', 1, 1],
        ['catalogue', 'service', 'Catalogue', 2, 0],
        ['orders', 'service', 'Orders', 2, 1],
        ['search', 'search-engine', 'Product search', 3, 0],
        ['db', 'postgresql', 'Shop database', 3, 1],
        ['events', 'queue', 'Order events', 2, 2],
        ['mailer', 'worker', 'Mailer', 3, 2],
        ['payments', 'payment-gateway', 'Card payments', 4, 1],
      ],
      edges: [
        ['browser', 'cdn', 'pictures, scripts'],
        ['browser', 'gateway', 'HTTPS'],
        ['gateway', 'catalogue', 'REST'],
        ['gateway', 'orders', 'REST'],
        ['catalogue', 'search', 'queries'],
        ['catalogue', 'db', 'SQL'],
        ['orders', 'db', 'SQL'],
        ['orders', 'payments', 'charge'],
        ['orders', 'events', 'order placed', 'event'],
        ['events', 'mailer', 'order placed', 'subscribe'],
      ],
    },
    {
      name: 'Target 2027',
      description: 'Without the monolith: stock becomes a service of its own.',
      nodes: [
        ['gateway', 'api-gateway', 'API gateway', 0, 1],
        ['orders', 'service', 'Orders', 1, 0],
        ['stock', 'service', 'Stock', 1, 2],
        ['bus', 'event-bus', 'Domain events', 2, 1],
        ['orders-db', 'postgresql', 'Orders database', 2, 0],
        ['stock-db', 'postgresql', 'Stock database', 2, 2],
      ],
      edges: [
        ['gateway', 'orders', 'GraphQL'],
        ['gateway', 'stock', 'GraphQL'],
        ['orders', 'orders-db', 'SQL'],
        ['stock', 'stock-db', 'SQL'],
        ['orders', 'bus', 'order placed', 'event'],
        ['bus', 'stock', 'order placed', 'subscribe'],
      ],
    },
  ],
  pages: [
    {
      title: 'Welcome',
      category: 'onboarding',
      content:
        '# Nordwind Outdoor Shop\n\nStart with **Local setup**, then read how an order travels through the system.\n\n- Staging deploys from `main` by itself.\n- Production is a decision of a person.',
    },
    {
      title: 'Local setup',
      category: 'onboarding',
      content:
        '# Local setup\n\n```sh\ndocker compose up -d db\nnpm ci && npm run dev\n```\n\nThe seed has 40 products and one customer, `test@nordwind.example`.',
    },
    {
      title: 'How an order travels',
      category: 'architecture',
      content:
        '# How an order travels\n\n1. The basket lives in the browser until checkout.\n2. `POST /orders` reserves stock and charges the card in one saga.\n3. The event *order placed* triggers mail and shipment.\n\nA failed charge releases the reservation after 15 minutes.',
    },
    {
      title: 'Runbook: payments are down',
      category: 'operations',
      content:
        '# Payments are down\n\nSymptoms: `checkout.failed` above 5 %.\n\n1. Look at the status page of the provider.\n2. Switch the flag `payments.pause` on: checkout explains itself.\n3. After recovery, replay the queue `payments-retry`.',
    },
  ],
  releases: { everyDays: 12, provider: 'aws', artifact: 'nordwind-shop' },
  metrics: [
    { metric: 'orders.placed', base: 180, growth: 90, unit: 'orders' },
    { metric: 'http.latency.p95', base: 240, growth: -60, unit: 'ms' },
    { metric: 'checkout.failed', base: 6, growth: -2, unit: 'orders' },
  ],
  integration: {
    type: 'slack',
    name: 'Release channel',
    config: { botToken: 'xoxb-demo-not-a-real-token', channel: '#nordwind-releases' },
  },
};
