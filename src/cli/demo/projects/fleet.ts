import type { DemoProject } from '../demoProject.ts';

/** Sensors in refrigerated trucks: streams of readings, firmware, alerts. */
export const fleet: DemoProject = {
  key: 'fleet',
  owner: 'aiko',
  startedDaysAgo: 180,
  fields: {
    name: 'Cold Chain Fleet',
    description: 'Sensors in 400 refrigerated trucks: readings, alerts before the goods spoil, firmware over the air.',
    status: 'active',
    framework: 'Go',
    database: 'TimescaleDB',
    repository: 'https://github.com/tanabe-demo/cold-chain',
    deploymentUrl: 'https://fleet.demo.example',
    tags: ['iot', 'streaming'],
  },
  members: [
    { person: 'tomas', role: 'developer' },
    { person: 'mara', role: 'developer' },
  ],
  schema: {
    name: 'fleet',
    versions: [
      `CREATE TABLE trucks (
  id serial PRIMARY KEY,
  plate varchar(16) NOT NULL UNIQUE,
  depot varchar(60) NOT NULL
);
CREATE TABLE devices (
  serial_number varchar(24) PRIMARY KEY,
  truck_id integer REFERENCES trucks (id) ON DELETE SET NULL,
  model varchar(40) NOT NULL,
  last_seen_at timestamptz
);
CREATE INDEX devices_truck_idx ON devices (truck_id);
CREATE TABLE readings (
  serial_number varchar(24) NOT NULL REFERENCES devices (serial_number) ON DELETE CASCADE,
  measured_at timestamptz NOT NULL,
  celsius real NOT NULL,
  battery smallint,
  PRIMARY KEY (serial_number, measured_at)
);`,
      `CREATE TABLE alert_rules (
  id serial PRIMARY KEY,
  truck_id integer NOT NULL REFERENCES trucks (id) ON DELETE CASCADE,
  max_celsius real NOT NULL,
  after_minutes smallint NOT NULL DEFAULT 10
);
CREATE INDEX alert_rules_truck_idx ON alert_rules (truck_id);
CREATE TABLE alerts (
  id bigserial PRIMARY KEY,
  rule_id integer NOT NULL REFERENCES alert_rules (id),
  raised_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz
);
CREATE INDEX alerts_rule_idx ON alerts (rule_id, raised_at);`,
      `CREATE TABLE firmware (
  version varchar(20) PRIMARY KEY,
  sha256 char(64) NOT NULL,
  released_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE devices ADD COLUMN firmware_version varchar(20) REFERENCES firmware (version);
CREATE INDEX devices_firmware_idx ON devices (firmware_version);`,
    ],
  },
  architectures: [
    {
      name: 'Data path',
      description: 'From the sensor to the dispatcher’s screen in under ten seconds.',
      nodes: [
        ['sensors', 'iot', 'Truck sensors', 0, 0],
        ['broker', 'message-broker', 'MQTT broker', 1, 0],
        ['ingest', 'service', 'Ingest', 2, 0],
        ['db', 'database', 'Readings', 3, 0],
        ['stream', 'kafka', 'Readings stream', 2, 1],
        ['alerts', 'service', 'Alerting', 3, 1],
        ['api', 'service', 'Fleet API', 4, 0],
        ['dispatch', 'dashboard-panel', 'Dispatch panel', 5, 0],
        ['grafana', 'grafana', 'Operations', 4, 2],
      ],
      edges: [
        ['sensors', 'broker', 'MQTT', 'publish'],
        ['broker', 'ingest', 'readings', 'subscribe'],
        ['ingest', 'db', 'batches'],
        ['ingest', 'stream', 'readings', 'publish'],
        ['stream', 'alerts', 'readings', 'subscribe'],
        ['alerts', 'db', 'rules'],
        ['dispatch', 'api', 'GraphQL'],
        ['api', 'db', 'SQL'],
        ['api', 'grafana', 'metrics', 'async'],
      ],
    },
  ],
  pages: [
    {
      title: 'Device life cycle',
      category: 'architecture',
      content:
        '# Device life cycle\n\nprovisioned → installed → silent → retired\n\nA device is *silent* after 15 minutes without a reading. The truck’s driver is asked first, the workshop second.',
    },
    {
      title: 'Firmware over the air',
      category: 'operations',
      content:
        '# Firmware over the air\n\n1. Sign the image, upload it, note its SHA-256.\n2. 1 % of the fleet for a day, then 20 %, then all.\n3. A device that does not report within 30 minutes falls back by itself.',
    },
    {
      title: 'Alert tuning',
      category: 'operations',
      content: '# Alert tuning\n\nDoors open for up to eight minutes at a stop. Rules wait ten. Fish waits five.',
    },
  ],
  releases: { everyDays: 13, provider: 'gcp', artifact: 'cold-chain' },
  metrics: [
    { metric: 'readings.received', base: 560_000, growth: 48_000, unit: 'readings' },
    { metric: 'devices.silent', base: 9, growth: -4, unit: 'devices' },
    { metric: 'alerts.raised', base: 14, growth: 3, unit: 'alerts' },
  ],
};
