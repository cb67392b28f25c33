/** A Terraform skeleton for AWS: the network, what keeps data, Fargate services, and the ways between them that the edges draw. */
import type { GeneratedFile } from '../input.ts';
import { textFile } from '../writing.ts';
import type { Engine, EngineId } from './engines.ts';
import { addressesFor, type Part } from './parts.ts';
import { clusterText, networkText, variablesText, versionsText } from './terraformBase.ts';

/** Returns a string of HCL; templates in it stay text. */
export function hclString(text: string): string {
  const escaped = JSON.stringify(text).replace(/\\([bf])/gu, (_, letter: string) => (letter === 'b' ? '\\u0008' : '\\u000c'));
  return escaped.replaceAll('${', '$${').replaceAll('%{', '%%{');
}

const tags = (part: Part): string => `  tags = { Name = "\${var.name}-${part.name}", Title = ${hclString(part.title)} }\n`;

const securityGroup = (part: Part): string =>
  `resource "aws_security_group" "${part.id}" {\n  name_prefix = "\${var.name}-${part.name}-"\n  vpc_id      = aws_vpc.main.id\n${tags(part)}}\n`;

/** Lets the security group of one part reach a port of another. */
const allow = (from: Part, to: Part, port: number): string =>
  `resource "aws_vpc_security_group_ingress_rule" "${to.id}_from_${from.id}" {
  security_group_id            = aws_security_group.${to.id}.id
  referenced_security_group_id = aws_security_group.${from.id}.id
  ip_protocol                  = "tcp"
  from_port                    = ${port}
  to_port                      = ${port}
}
`;

const rdsEngines: Partial<Record<EngineId, string>> = { postgres: 'postgres', mysql: 'mysql', mssql: 'sqlserver-ex' };
const rdsVersions: Partial<Record<EngineId, string>> = { postgres: '17', mysql: '8.4', mssql: '16.00' };

function rds(part: Part, engine: Engine): string {
  const name = engine.id === 'mssql' ? '' : '  db_name                     = "app"\n';
  return `${securityGroup(part)}
resource "aws_db_instance" "${part.id}" {
  identifier_prefix           = "\${var.name}-${part.name.slice(0, 20)}-"
  engine                      = "${rdsEngines[engine.id] ?? ''}"
  engine_version              = "${rdsVersions[engine.id] ?? ''}"
  instance_class              = var.database_instance_class
  allocated_storage           = 20
  storage_encrypted           = true
${name}  username                    = "app"
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.main.name
  vpc_security_group_ids      = [aws_security_group.${part.id}.id]
  backup_retention_period     = 7
  deletion_protection         = var.protect_data
  skip_final_snapshot         = !var.protect_data
  final_snapshot_identifier   = var.protect_data ? "\${var.name}-${part.name}-final" : null
${tags(part)}}
`;
}

const documentDb = (part: Part): string => `${securityGroup(part)}
resource "aws_docdb_subnet_group" "${part.id}" {
  name_prefix = "\${var.name}-${part.name}-"
  subnet_ids  = aws_subnet.private[*].id
}

resource "aws_docdb_cluster" "${part.id}" {
  cluster_identifier_prefix   = "\${var.name}-${part.name.slice(0, 20)}-"
  engine                      = "docdb"
  master_username             = "app"
  manage_master_user_password = true
  db_subnet_group_name        = aws_docdb_subnet_group.${part.id}.name
  vpc_security_group_ids      = [aws_security_group.${part.id}.id]
  storage_encrypted           = true
  deletion_protection         = var.protect_data
  skip_final_snapshot         = !var.protect_data
  final_snapshot_identifier   = var.protect_data ? "\${var.name}-${part.name}-final" : null
${tags(part)}}

resource "aws_docdb_cluster_instance" "${part.id}" {
  cluster_identifier = aws_docdb_cluster.${part.id}.id
  instance_class     = "db.t4g.medium"
}
`;

const openSearch = (part: Part): string => `${securityGroup(part)}
resource "aws_opensearch_domain" "${part.id}" {
  domain_name    = substr("\${var.name}-${part.name}", 0, 28)
  engine_version = "OpenSearch_2.19"
  cluster_config {
    instance_type = "t3.small.search"
  }
  ebs_options {
    ebs_enabled = true
    volume_size = 10
  }
  encrypt_at_rest {
    enabled = true
  }
  node_to_node_encryption {
    enabled = true
  }
  vpc_options {
    subnet_ids         = [aws_subnet.private[0].id]
    security_group_ids = [aws_security_group.${part.id}.id]
  }
${tags(part)}}
`;

const dynamoDb = (part: Part): string => `resource "aws_dynamodb_table" "${part.id}" {
  name                        = "\${var.name}-${part.name}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = var.protect_data
  attribute {
    name = "id"
    type = "S"
  }
  point_in_time_recovery {
    enabled = true
  }
${tags(part)}}
`;

const elastiCache = (part: Part, engine: Engine): string => {
  const group = `${securityGroup(part)}
resource "aws_elasticache_subnet_group" "${part.id}" {
  name       = "\${var.name}-${part.name}"
  subnet_ids = aws_subnet.private[*].id
}
`;
  if (engine.id === 'memcached') {
    return `${group}
resource "aws_elasticache_cluster" "${part.id}" {
  cluster_id         = substr("\${var.name}-${part.name}", 0, 40)
  engine             = "memcached"
  node_type          = "cache.t4g.micro"
  num_cache_nodes    = 1
  subnet_group_name  = aws_elasticache_subnet_group.${part.id}.name
  security_group_ids = [aws_security_group.${part.id}.id]
${tags(part)}}
`;
  }
  return `${group}
resource "aws_elasticache_replication_group" "${part.id}" {
  replication_group_id       = substr("\${var.name}-${part.name}", 0, 40)
  description                = ${hclString(part.title)}
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.micro"
  num_cache_clusters         = 1
  at_rest_encryption_enabled = true
  transit_encryption_enabled = false
  subnet_group_name          = aws_elasticache_subnet_group.${part.id}.name
  security_group_ids         = [aws_security_group.${part.id}.id]
${tags(part)}}
`;
};

const sqs = (part: Part): string => `resource "aws_sqs_queue" "${part.id}_dead" {
  name                      = "\${var.name}-${part.name}-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "${part.id}" {
  name                    = "\${var.name}-${part.name}"
  sqs_managed_sse_enabled = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.${part.id}_dead.arn
    maxReceiveCount     = 5
  })
${tags(part)}}
`;

const msk = (part: Part): string => `${securityGroup(part)}
resource "aws_msk_serverless_cluster" "${part.id}" {
  cluster_name = "\${var.name}-${part.name}"
  vpc_config {
    subnet_ids         = aws_subnet.private[*].id
    security_group_ids = [aws_security_group.${part.id}.id]
  }
  client_authentication {
    sasl {
      iam {
        enabled = true
      }
    }
  }
${tags(part)}}
`;

const bucket = (part: Part): string => `resource "aws_s3_bucket" "${part.id}" {
  bucket_prefix = "\${var.name}-${part.name.slice(0, 20)}-"
  force_destroy = !var.protect_data
${tags(part)}}

resource "aws_s3_bucket_public_access_block" "${part.id}" {
  bucket                  = aws_s3_bucket.${part.id}.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "${part.id}" {
  bucket = aws_s3_bucket.${part.id}.id
  versioning_configuration {
    status = "Enabled"
  }
}
`;

/** What AWS has for an engine: its resources, the port to it where a security group guards it, its address, and what a role may do with it. */
interface Hosted {
  readonly write: (part: Part, engine: Engine) => string;
  readonly port?: number;
  /** Expression of the address that services get. */
  readonly address: (part: Part) => string;
  readonly arn?: (part: Part) => string;
  readonly actions?: readonly string[];
}

const database = (port: number): Hosted => ({ write: rds, port, address: ({ id }) => `aws_db_instance.${id}.endpoint` });
const queue: Hosted = {
  write: sqs,
  address: ({ id }) => `aws_sqs_queue.${id}.url`,
  arn: ({ id }) => `aws_sqs_queue.${id}.arn`,
  actions: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
};

const hosted: Readonly<Record<EngineId, Hosted>> = {
  postgres: database(5432),
  mysql: database(3306),
  mssql: database(1433),
  mongodb: { write: documentDb, port: 27017, address: ({ id }) => `aws_docdb_cluster.${id}.endpoint` },
  opensearch: { write: openSearch, port: 443, address: ({ id }) => `"https://\${aws_opensearch_domain.${id}.endpoint}"` },
  dynamodb: {
    write: dynamoDb,
    address: ({ id }) => `aws_dynamodb_table.${id}.name`,
    arn: ({ id }) => `aws_dynamodb_table.${id}.arn`,
    actions: [
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
      'dynamodb:Query',
      'dynamodb:BatchGetItem',
    ],
  },
  redis: {
    write: elastiCache,
    port: 6379,
    address: ({ id }) => `"redis://\${aws_elasticache_replication_group.${id}.primary_endpoint_address}:6379"`,
  },
  memcached: { write: elastiCache, port: 11211, address: ({ id }) => `aws_elasticache_cluster.${id}.configuration_endpoint` },
  rabbitmq: queue,
  nats: queue,
  kafka: { write: msk, port: 9098, address: ({ id }) => `aws_msk_serverless_cluster.${id}.arn` },
  s3: {
    write: bucket,
    address: ({ id }) => `aws_s3_bucket.${id}.bucket`,
    arn: ({ id }) => `"\${aws_s3_bucket.${id}.arn}/*"`,
    actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
  },
};

/** Environment of a service: the addresses of what it uses, by the same names as in Compose. */
function environment(part: Part): string {
  const names = Object.keys(addressesFor(part.uses, ({ name }) => name));
  const used = part.uses.filter(({ engine, isService }) => engine !== undefined || isService);
  const entries = used.map((other, index) => {
    const value = other.engine ? hosted[other.engine.id].address(other) : `"http://${other.name}.\${var.name}.internal:3000"`;
    return `      { name = "${names[index] ?? ''}", value = ${value} },\n`;
  });
  const secrets = used
    .filter(({ engine }) => engine && ['postgres', 'mysql', 'mssql', 'mongodb'].includes(engine.id))
    .map((other) => `      { name = "${other.id.toUpperCase()}_SECRET_ARN", value = ${secretOf(other)} },\n`);
  return `[\n      { name = "PORT", value = "3000" },\n${[...entries, ...secrets].join('')}    ]`;
}

const secretOf = ({ id, engine }: Part): string =>
  engine?.id === 'mongodb'
    ? `aws_docdb_cluster.${id}.master_user_secret[0].secret_arn`
    : `aws_db_instance.${id}.master_user_secret[0].secret_arn`;

/** A role that may do with what the service uses what the edges say, and nothing else. */
function policy(part: Part): string {
  const statements = part.uses.flatMap((other) => {
    if (!other.engine) return [];
    const { arn, actions } = hosted[other.engine.id];
    if (arn && actions) return [{ actions, resource: arn(other) }];
    return ['postgres', 'mysql', 'mssql', 'mongodb'].includes(other.engine.id)
      ? [{ actions: ['secretsmanager:GetSecretValue'], resource: secretOf(other) }]
      : [];
  });
  if (statements.length === 0) return '';
  const text = statements.map(
    ({ actions, resource }) =>
      `      { Effect = "Allow", Action = ${JSON.stringify(actions).replaceAll(',', ', ')}, Resource = ${resource} },\n`,
  );
  return `
resource "aws_iam_role_policy" "${part.id}" {
  role = aws_iam_role.${part.id}.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
${text.join('')}    ]
  })
}
`;
}

function service(part: Part, isPublic: boolean): string {
  const balanced = isPublic
    ? `  load_balancer {\n    target_group_arn = aws_lb_target_group.${part.id}.arn\n    container_name   = "${part.name}"\n    container_port   = 3000\n  }\n`
    : '';
  return `${securityGroup(part)}
resource "aws_vpc_security_group_egress_rule" "${part.id}" {
  security_group_id = aws_security_group.${part.id}.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_iam_role" "${part.id}" {
  name_prefix        = "${part.name.slice(0, 30)}-"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}
${policy(part)}
resource "aws_cloudwatch_log_group" "${part.id}" {
  name              = "/\${var.name}/${part.name}"
  retention_in_days = 30
}

resource "aws_service_discovery_service" "${part.id}" {
  name = "${part.name}"
  dns_config {
    namespace_id = aws_service_discovery_private_dns_namespace.main.id
    dns_records {
      ttl  = 10
      type = "A"
    }
  }
}

resource "aws_ecs_task_definition" "${part.id}" {
  family                   = "\${var.name}-${part.name}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.${part.id}.arn
  container_definitions = jsonencode([{
    name         = "${part.name}"
    image        = lookup(var.images, "${part.name}", var.default_image)
    essential    = true
    portMappings = [{ containerPort = 3000 }]
    environment = ${environment(part)}
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.${part.id}.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "task"
      }
    }
  }])
}

resource "aws_ecs_service" "${part.id}" {
  name            = "${part.name}"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.${part.id}.arn
  desired_count   = var.desired_count
  launch_type     = "FARGATE"
  network_configuration {
    subnets         = aws_subnet.private[*].id
    security_groups = [aws_security_group.${part.id}.id]
  }
  service_registries {
    registry_arn = aws_service_discovery_service.${part.id}.arn
  }
${balanced}${tags(part)}}
`;
}

/** Name of the listener's rule, target group and path of a service behind a gateway. */
function balancer(gateway: Part): string {
  const targets = gateway.uses.filter(({ isService }) => isService);
  const rules = targets.map(
    (target, index) => `
resource "aws_lb_listener_rule" "${gateway.id}_${target.id}" {
  listener_arn = aws_lb_listener.${gateway.id}.arn
  priority     = ${index + 1}
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.${target.id}.arn
  }
  condition {
    path_pattern {
      values = ["${targets.length === 1 ? '/*' : `/${target.name}/*`}"]
    }
  }
}
`,
  );
  return `${securityGroup(gateway)}
resource "aws_vpc_security_group_ingress_rule" "${gateway.id}" {
  security_group_id = aws_security_group.${gateway.id}.id
  ip_protocol       = "tcp"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_egress_rule" "${gateway.id}" {
  security_group_id = aws_security_group.${gateway.id}.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_lb" "${gateway.id}" {
  name            = substr("\${var.name}-${gateway.name}", 0, 31)
  subnets         = aws_subnet.public[*].id
  security_groups = [aws_security_group.${gateway.id}.id]
${tags(gateway)}}

# Add a listener on 443 with a certificate of your domain, and let this one redirect to it.
resource "aws_lb_listener" "${gateway.id}" {
  load_balancer_arn = aws_lb.${gateway.id}.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}
${rules.join('')}
output "${gateway.id}_url" {
  value = "http://\${aws_lb.${gateway.id}.dns_name}"
}
`;
}

const targetGroup = (part: Part): string => `resource "aws_lb_target_group" "${part.id}" {
  name_prefix = "svc-"
  vpc_id      = aws_vpc.main.id
  port        = 3000
  protocol    = "HTTP"
  target_type = "ip"
  health_check {
    path    = "/health"
    matcher = "200"
  }
}
`;

/** The ways that the edges draw, as far as security groups guard them. */
function ways(parts: readonly Part[]): string[] {
  return parts
    .filter(({ isService, kind }) => isService || kind === 'gateway')
    .flatMap((from) =>
      from.uses.flatMap((to) => {
        const port = to.isService ? 3000 : from.isService && to.engine ? hosted[to.engine.id].port : undefined;
        return port === undefined ? [] : [allow(from, to, port)];
      }),
    );
}

/** A line `name = value` whose value ends on it. */
const attribute = /^( *)([\w-]+) *= (.*[^[{(])$/u;

/** Puts the equals signs of neighbouring lines under each other, as `terraform fmt` does. */
export function alignAttributes(text: string): string {
  const lines = text.split('\n');
  const found = lines.map((line) => attribute.exec(line));
  for (let start = 0; start < lines.length; start += 1) {
    const indent = found[start]?.[1];
    if (indent === undefined) continue;
    let end = start;
    while (found[end]?.[1] === indent) end += 1;
    const width = Math.max(...found.slice(start, end).map((parts) => parts?.[2]?.length ?? 0));
    for (let index = start; index < end; index += 1)
      lines[index] = `${indent}${(found[index]?.[2] ?? '').padEnd(width)} = ${found[index]?.[3] ?? ''}`;
    start = end - 1;
  }
  return lines.join('\n');
}

/** Returns the Terraform files. Names of resources are those of the parts. */
export function terraformFiles(name: string, parts: readonly Part[]): GeneratedFile[] {
  const gateways = parts.filter(({ kind }) => kind === 'gateway');
  const services = parts.filter(({ isService }) => isService);
  const data = parts.flatMap((part) => (part.engine ? [hosted[part.engine.id].write(part, part.engine)] : []));
  const published = services.filter((part) => gateways.some(({ uses }) => uses.includes(part)));
  const relational = parts.some(({ engine }) => engine !== undefined && engine.id in rdsEngines);
  const file = (path: string, blocks: readonly string[]): GeneratedFile[] =>
    blocks.length > 0 ? [textFile(path, alignAttributes(blocks.join('\n')))] : [];
  return [
    ...file('versions.tf', [versionsText]),
    ...file('variables.tf', [variablesText(name)]),
    ...file('network.tf', [networkText(relational)]),
    ...file('data.tf', data),
    ...file('services.tf', services.length > 0 ? [clusterText, ...services.map((part) => service(part, published.includes(part)))] : []),
    ...file('gateways.tf', [...gateways.map(balancer), ...published.map(targetGroup)]),
    ...file('ways.tf', ways(parts)),
  ];
}
