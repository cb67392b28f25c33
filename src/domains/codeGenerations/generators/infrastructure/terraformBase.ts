/** What every Terraform skeleton begins with: versions, variables, the network, the cluster. */

export const versionsText = `terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = var.region
}
`;

/** Returns variables.tf; \`name\` is a slug. */
export const variablesText = (name: string): string => `variable "name" {
  description = "Begins the names of all resources."
  type        = string
  default     = "${name.slice(0, 20).replace(/-+$/u, '')}"
}

variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "us-east-1"
}

variable "images" {
  description = "Container images of the services by their names; the others run the default image."
  type        = map(string)
  default     = {}
}

variable "default_image" {
  description = "Image of services that no other is named for: it answers with what it received."
  type        = string
  default     = "traefik/whoami:v1.10.3"
}

variable "desired_count" {
  description = "Tasks of each service."
  type        = number
  default     = 1
}

variable "database_instance_class" {
  description = "Size of relational databases."
  type        = string
  default     = "db.t4g.micro"
}

variable "protect_data" {
  description = "Refuses to delete databases and keeps a last snapshot."
  type        = bool
  default     = true
}
`;

const subnetGroup = `
resource "aws_db_subnet_group" "main" {
  name_prefix = "\${var.name}-"
  subnet_ids  = aws_subnet.private[*].id
}
`;

/** Returns the network: two public and two private subnets with a way out; a group of subnets where databases need one. */
export const networkText = (relational: boolean): string => `data "aws_availability_zones" "available" {
  state = "available"
}

resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

resource "aws_subnet" "public" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  availability_zone = data.aws_availability_zones.available.names[count.index]
  tags              = { Name = "\${var.name}-public-\${count.index}" }
}

resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index + 10)
  availability_zone = data.aws_availability_zones.available.names[count.index]
  tags              = { Name = "\${var.name}-private-\${count.index}" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public[0].id
  depends_on    = [aws_internet_gateway.main]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.main.id
  }
}

resource "aws_route_table_association" "public" {
  count          = 2
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table_association" "private" {
  count          = 2
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private.id
}
${relational ? subnetGroup : ''}`;

/** The cluster of the services, their names inside the network, and the role that starts them. */
export const clusterText = `resource "aws_ecs_cluster" "main" {
  name = var.name
}

resource "aws_service_discovery_private_dns_namespace" "main" {
  name = "\${var.name}.internal"
  vpc  = aws_vpc.main.id
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name_prefix        = "execution-"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}
`;
