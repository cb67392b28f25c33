import type { DemoProject } from '../demoProject.ts';

/** Invoicing as a service: many tenants, money, three versions of the schema. */
export const invoicing: DemoProject = {
  key: 'invoicing',
  owner: 'mara',
  startedDaysAgo: 120,
  fields: {
    name: 'Papertrail Invoicing',
    description: 'Invoicing for small companies, as a service: tenants, invoices, payments, dunning.',
    status: 'active',
    framework: 'Fastify',
    database: 'PostgreSQL',
    repository: 'https://github.com/fjord-demo/papertrail',
    deploymentUrl: 'https://papertrail.demo.example',
    tags: ['saas', 'multi-tenant', 'finance'],
  },
  members: [{ person: 'tomas', role: 'developer' }],
  schema: {
    name: 'billing',
    versions: [
      `CREATE TABLE tenants (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name varchar(120) NOT NULL,
  vat_number varchar(20) UNIQUE,
  plan varchar(20) NOT NULL DEFAULT 'free'
);
CREATE TABLE contacts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  name varchar(120) NOT NULL,
  email varchar(254)
);
CREATE INDEX contacts_tenant_idx ON contacts (tenant_id);
CREATE TABLE invoices (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  contact_id uuid NOT NULL REFERENCES contacts (id),
  number varchar(24) NOT NULL,
  issued_on date NOT NULL,
  due_on date NOT NULL,
  currency char(3) NOT NULL DEFAULT 'EUR',
  total numeric(12,2) NOT NULL,
  UNIQUE (tenant_id, number)
);
CREATE INDEX invoices_contact_idx ON invoices (contact_id);
CREATE TABLE invoice_lines (
  invoice_id uuid NOT NULL REFERENCES invoices (id) ON DELETE CASCADE,
  position smallint NOT NULL,
  text varchar(200) NOT NULL,
  quantity numeric(10,3) NOT NULL,
  unit_price numeric(12,4) NOT NULL,
  PRIMARY KEY (invoice_id, position)
);`,
      `CREATE TABLE payments (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  invoice_id uuid NOT NULL REFERENCES invoices (id),
  amount numeric(12,2) NOT NULL,
  received_on date NOT NULL
);
CREATE INDEX payments_invoice_idx ON payments (invoice_id);`,
      `CREATE TABLE reminders (
  id bigserial PRIMARY KEY,
  invoice_id uuid NOT NULL REFERENCES invoices (id) ON DELETE CASCADE,
  level smallint NOT NULL DEFAULT 1,
  sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reminders_invoice_idx ON reminders (invoice_id, level);
ALTER TABLE tenants ADD COLUMN trial_ends_on date;`,
    ],
  },
  architectures: [
    {
      name: 'Services',
      description: 'Documents are rendered by a worker, so that an invoice is never slower than its form.',
      nodes: [
        ['app', 'spa', 'Papertrail app', 0, 0],
        ['api', 'graphql', 'API', 1, 0],
        ['db', 'postgresql', 'Billing database', 2, 0],
        ['jobs', 'queue', 'Jobs', 1, 1],
        ['renderer', 'worker', 'PDF renderer', 2, 1],
        ['files', 's3', 'Documents', 3, 1],
        ['mail', 'email', 'Mail provider', 2, 2],
        ['bank', 'external-api', 'Bank statements', 2, -1],
      ],
      edges: [
        ['app', 'api', 'GraphQL'],
        ['api', 'db', 'SQL'],
        ['api', 'jobs', 'render, send', 'publish'],
        ['jobs', 'renderer', 'render', 'subscribe'],
        ['renderer', 'files', 'PDF'],
        ['jobs', 'mail', 'send', 'async'],
        ['api', 'bank', 'statements'],
      ],
    },
  ],
  pages: [
    {
      title: 'Tenancy',
      category: 'architecture',
      content:
        '# Tenancy\n\nOne database, `tenant_id` on every table, row level security on top. A query without a tenant is a bug that the tests look for.',
    },
    {
      title: 'Numbering',
      category: 'product',
      content:
        '# Numbering\n\nNumbers have no gaps: they are taken when an invoice is issued, not when it is drafted. A cancelled invoice keeps its number and gets a credit note.',
    },
    {
      title: 'Dunning',
      category: 'product',
      content: '# Dunning\n\nThree levels: 7, 14 and 30 days after the due date. The third one asks a person first.',
    },
  ],
  releases: { everyDays: 9, provider: 'vercel', artifact: 'papertrail-api' },
  metrics: [
    { metric: 'invoices.issued', base: 540, growth: 310, unit: 'invoices' },
    { metric: 'tenants.active', base: 62, growth: 21, unit: 'tenants' },
    { metric: 'pdf.seconds', base: 2.4, growth: -0.9, unit: 's' },
  ],
};
