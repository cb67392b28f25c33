/** What keeps and carries data, as AWS hosts it. */
import type { Engine, EngineId } from './engines.ts';
import { hclString, securityGroup, tags } from './hcl.ts';
import type { Part } from './parts.ts';

/** Names of RDS for the engines that it runs. */
export const rdsEngines: Partial<Record<EngineId, string>> = { postgres: 'postgres', mysql: 'mysql', mssql: 'sqlserver-ex' };
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
export interface Hosted {
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

/** What AWS has for each engine. */
export const hosted: Readonly<Record<EngineId, Hosted>> = {
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
