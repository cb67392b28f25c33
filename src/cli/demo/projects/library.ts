import type { DemoProject } from '../demoProject.ts';

/** A city library: still a draft, designed more than it is deployed. */
export const library: DemoProject = {
  key: 'library',
  owner: 'aiko',
  startedDaysAgo: 45,
  fields: {
    name: 'City Library',
    description: 'Catalogue, loans and reservations for a city library with six branches. Tender accepted, work has begun.',
    status: 'draft',
    framework: 'Django',
    database: 'PostgreSQL',
    repository: 'https://github.com/tanabe-demo/city-library',
    tags: ['public-sector', 'accessibility'],
  },
  members: [{ person: 'mara', role: 'viewer' }],
  schema: {
    name: 'library',
    versions: [
      `CREATE TABLE branches (
  id serial PRIMARY KEY,
  name varchar(80) NOT NULL
);
CREATE TABLE authors (
  id serial PRIMARY KEY,
  name varchar(160) NOT NULL
);
CREATE TABLE books (
  isbn char(13) PRIMARY KEY,
  title varchar(300) NOT NULL,
  published smallint
);
CREATE TABLE book_authors (
  isbn char(13) NOT NULL REFERENCES books (isbn) ON DELETE CASCADE,
  author_id integer NOT NULL REFERENCES authors (id),
  PRIMARY KEY (isbn, author_id)
);
CREATE INDEX book_authors_author_idx ON book_authors (author_id);
CREATE TABLE copies (
  barcode varchar(16) PRIMARY KEY,
  isbn char(13) NOT NULL REFERENCES books (isbn),
  branch_id integer NOT NULL REFERENCES branches (id)
);
CREATE INDEX copies_isbn_idx ON copies (isbn);
CREATE INDEX copies_branch_idx ON copies (branch_id);
CREATE TABLE members (
  card varchar(12) PRIMARY KEY,
  full_name varchar(120) NOT NULL,
  valid_until date NOT NULL
);
CREATE TABLE loans (
  id bigserial PRIMARY KEY,
  barcode varchar(16) NOT NULL REFERENCES copies (barcode),
  card varchar(12) NOT NULL REFERENCES members (card),
  lent_on date NOT NULL DEFAULT current_date,
  due_on date NOT NULL,
  returned_on date
);
CREATE INDEX loans_barcode_idx ON loans (barcode);
CREATE INDEX loans_card_idx ON loans (card);`,
    ],
  },
  architectures: [
    {
      name: 'First sketch',
      description: 'For the kick-off. The card reader talks to the loan desk only.',
      nodes: [
        ['catalogue', 'website', 'Public catalogue', 0, 0],
        ['desk', 'desktop', 'Loan desk', 0, 1],
        ['reader', 'device', 'Card reader', 0, 2],
        ['api', 'backend', 'Library API', 1, 0],
        ['db', 'postgresql', 'Library database', 2, 0],
        ['search', 'elasticsearch', 'Full text', 2, 1],
      ],
      edges: [
        ['catalogue', 'api', 'HTTPS'],
        ['desk', 'api', 'HTTPS'],
        ['reader', 'desk', 'USB'],
        ['api', 'db', 'SQL'],
        ['api', 'search', 'queries'],
      ],
    },
  ],
  pages: [
    {
      title: 'Scope',
      category: 'product',
      content: '# Scope\n\nIn: catalogue, loans, reservations, reminders by post and mail.\n\nOut: acquisitions, e-books (second year).',
    },
    {
      title: 'Accessibility',
      category: 'product',
      content: '# Accessibility\n\nWCAG 2.2 AA, tested with a screen reader every sprint. The catalogue works without scripts.',
    },
  ],
  releases: { everyDays: 11, provider: 'heroku', artifact: 'city-library' },
  metrics: [{ metric: 'catalogue.searches', base: 45, growth: 30, unit: 'searches' }],
};
