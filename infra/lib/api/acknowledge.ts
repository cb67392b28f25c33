/** Findings of cdk-nag that stay, each with the reason. */
import { Stack, Validations, type Acknowledgment } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Takes a finding of cdk-nag, such as `AwsSolutions-S1`, in a construct and all below it as seen. */
export function acknowledge(scope: IConstruct, finding: Acknowledgment): void {
  Validations.of(scope).acknowledge(finding);
}

/** Returns a text as cdk-nag writes it: what is only known at deploy time stands as `<AWS::AccountId>`. */
function asNagWrites(scope: IConstruct, text: string): string {
  const resolved: unknown = Stack.of(scope).resolve(text);
  if (typeof resolved === 'string') return resolved;
  const { 'Fn::Join': join = ['', []] } = resolved as { 'Fn::Join'?: [string, (string | { Ref?: string })[]] };
  return join[1].map((part) => (typeof part === 'string' ? part : `<${part.Ref ?? '?'}>`)).join(join[0]);
}

/** Takes one resource with a `*`, in the policies of a role, as seen: any other one is still found. */
export function acknowledgeWildcard(scope: IConstruct, resource: string, reason: string): void {
  acknowledge(scope, { id: `AwsSolutions-IAM5[Resource::${asNagWrites(scope, resource)}]`, reason });
}
