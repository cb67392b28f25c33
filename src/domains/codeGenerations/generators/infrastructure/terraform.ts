/** A Terraform skeleton for AWS: the network, what keeps data, Fargate services, and the ways between them that the edges draw. */
import type { GeneratedFile } from '../input.ts';
import { textFile } from '../writing.ts';
import { alignAttributes } from './hcl.ts';
import type { Part } from './parts.ts';
import { clusterText, networkText, variablesText, versionsText } from './terraformBase.ts';
import { hosted, rdsEngines } from './terraformData.ts';
import { balancerText, serviceText, targetGroupText } from './terraformServices.ts';

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
    ...file(
      'services.tf',
      services.length > 0 ? [clusterText, ...services.map((part) => serviceText(part, published.includes(part)))] : [],
    ),
    ...file('gateways.tf', [...gateways.map(balancerText), ...published.map(targetGroupText)]),
    ...file('ways.tf', ways(parts)),
  ];
}
