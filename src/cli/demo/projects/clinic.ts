import type { DemoProject } from '../demoProject.ts';

/** Appointments and records of a group of clinics: careful releases, few people. */
export const clinic: DemoProject = {
  key: 'clinic',
  owner: 'tomas',
  startedDaysAgo: 160,
  fields: {
    name: 'Clinic Appointments',
    description: 'Appointments, visits and prescriptions for a group of four clinics. Patient data never leaves the region.',
    status: 'active',
    framework: 'Spring Boot',
    database: 'PostgreSQL',
    repository: 'https://github.com/fjord-demo/clinic',
    deploymentUrl: 'https://clinic.demo.example',
    tags: ['health', 'gdpr'],
  },
  members: [
    { person: 'mara', role: 'admin' },
    { person: 'aiko', role: 'developer' },
  ],
  schema: {
    name: 'clinic',
    versions: [
      `CREATE TABLE clinics (
  id serial PRIMARY KEY,
  name varchar(120) NOT NULL,
  city varchar(80) NOT NULL
);
CREATE TABLE practitioners (
  id serial PRIMARY KEY,
  clinic_id integer NOT NULL REFERENCES clinics (id),
  full_name varchar(120) NOT NULL,
  specialty varchar(60) NOT NULL
);
CREATE INDEX practitioners_clinic_idx ON practitioners (clinic_id);
CREATE TABLE patients (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  full_name varchar(120) NOT NULL,
  born date NOT NULL,
  insurance_number varchar(20) NOT NULL UNIQUE
);
CREATE TABLE appointments (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  patient_id uuid NOT NULL REFERENCES patients (id),
  practitioner_id integer NOT NULL REFERENCES practitioners (id),
  starts_at timestamptz NOT NULL,
  minutes smallint NOT NULL DEFAULT 20,
  status varchar(16) NOT NULL DEFAULT 'booked'
);
CREATE INDEX appointments_patient_idx ON appointments (patient_id);
CREATE UNIQUE INDEX appointments_slot_idx ON appointments (practitioner_id, starts_at);`,
      `CREATE TABLE visits (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  appointment_id uuid NOT NULL UNIQUE REFERENCES appointments (id) ON DELETE RESTRICT,
  notes text,
  closed_at timestamptz
);
CREATE TABLE prescriptions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  visit_id uuid NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
  drug varchar(120) NOT NULL,
  dosage varchar(80) NOT NULL
);
CREATE INDEX prescriptions_visit_idx ON prescriptions (visit_id);`,
    ],
  },
  architectures: [
    {
      name: 'Overview',
      description: 'Everything inside one region; reminders are the only thing that leaves it, without names.',
      nodes: [
        ['patients', 'user', 'Patients', 0, 0],
        ['desk', 'web-app', 'Front desk', 0, 1],
        ['portal', 'web-app', 'Patient portal', 1, 0],
        ['api', 'backend', 'Clinic API', 2, 0],
        ['db', 'postgresql', 'Records (encrypted)', 3, 0],
        ['audit', 'logging', 'Audit log', 3, 1],
        ['sms', 'sms', 'SMS provider', 3, 2],
        ['reminders', 'scheduler', 'Reminders', 2, 1],
      ],
      edges: [
        ['patients', 'portal', 'books'],
        ['portal', 'api', 'HTTPS'],
        ['desk', 'api', 'HTTPS'],
        ['api', 'db', 'SQL'],
        ['api', 'audit', 'every access', 'async'],
        ['reminders', 'api', 'tomorrow’s appointments'],
        ['reminders', 'sms', 'time and place', 'async'],
      ],
    },
  ],
  pages: [
    {
      title: 'Data protection',
      category: 'compliance',
      content:
        '# Data protection\n\nEvery read of a record is in the audit log for ten years. Test data is generated, never copied.\n\n| data | where | how long |\n| --- | --- | --- |\n| visits | database | 10 years |\n| reminders | queue | 2 days |',
    },
    {
      title: 'Booking rules',
      category: 'product',
      content:
        '# Booking rules\n\n- A slot has 20 minutes; a first visit takes two.\n- Two people never get one slot: `appointments_slot_idx` decides.\n- A patient may cancel until the evening before.',
    },
    {
      title: 'Releasing',
      category: 'operations',
      content:
        '# Releasing\n\nStaging on Tuesday, production on Thursday after the second pair of eyes. Never on the last working day of a quarter.',
    },
  ],
  releases: { everyDays: 14, provider: 'azure', artifact: 'clinic-api' },
  metrics: [
    { metric: 'appointments.booked', base: 320, growth: 40, unit: 'appointments' },
    { metric: 'http.latency.p95', base: 130, growth: 15, unit: 'ms' },
    { metric: 'reminders.sent', base: 290, growth: 35, unit: 'messages' },
  ],
};
