/** The project's own services on Fargate, and the load balancers in front of them. */
import { securityGroup, tags } from './hcl.ts';
import { addressesFor, type Part } from './parts.ts';
import { hosted } from './terraformData.ts';

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
  return `[\n      { name = "PORT", value = "3000" },\n      { name = "WHOAMI_PORT_NUMBER", value = "3000" },\n${[...entries, ...secrets].join('')}    ]`;
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

/** Returns the resources of a service: role, logs, name inside the network, task, and the service itself. */
export function serviceText(part: Part, isPublic: boolean): string {
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

/** Returns a load balancer with a rule for each service behind it. */
export function balancerText(gateway: Part): string {
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

/** Returns what a load balancer sends the requests of a service to. */
export const targetGroupText = (part: Part): string => `resource "aws_lb_target_group" "${part.id}" {
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
