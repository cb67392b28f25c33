/** Where the providers' interfaces are. Only these hosts are called, except for those that an operator or, for GitHub Enterprise Server, a user names. */

/** Base addresses; `{region}` stands for a region of AWS. */
export const endpoints = {
  github: 'https://api.github.com',
  aws: 'https://sts.{region}.amazonaws.com',
  slack: 'https://slack.com',
  slackWebhooks: 'https://hooks.slack.com',
  vercel: 'https://api.vercel.com',
  stripe: 'https://api.stripe.com',
  sendgrid: 'https://api.sendgrid.com',
} as const;

/** Name of an endpoint. */
export type EndpointName = keyof typeof endpoints;

/** Names of all endpoints. */
export const endpointNames = Object.keys(endpoints) as EndpointName[];

/** Addresses that the operator configured in place of the usual ones; these may be private. */
export type EndpointOverrides = Readonly<Partial<Record<EndpointName, string>>>;
