/** The providers by type. */
import type { IntegrationType } from '../integration.ts';
import { aws } from './aws.ts';
import { github } from './github.ts';
import type { Provider } from './provider.ts';
import { sendgrid } from './sendgrid.ts';
import { slack } from './slack.ts';
import { stripe } from './stripe.ts';
import { vercel } from './vercel.ts';

/** How each type of integration is tested and synchronized. */
export const providers: Readonly<Record<IntegrationType, Provider>> = { github, aws, slack, vercel, stripe, sendgrid };

/** How people call the providers. */
export const providerNames: Readonly<Record<IntegrationType, string>> = {
  github: 'GitHub',
  aws: 'AWS',
  slack: 'Slack',
  vercel: 'Vercel',
  stripe: 'Stripe',
  sendgrid: 'SendGrid',
};
