/** SendGrid. Source: Twilio SendGrid API v3 reference (API key scopes, verified senders). */
import { flagOf, jsonOf, listOf, objectOf, textOf, type Answer, type Meanings, type Provider, type ProviderCall } from './provider.ts';

const name = 'SendGrid';

const meanings: Meanings = {
  401: [
    'CREDENTIALS_REFUSED',
    'SendGrid refused the key. Make a new one under Settings → API Keys with the permission Mail Send, and update the integration.',
  ],
  403: ['PERMISSION_MISSING', 'SendGrid knows the key, but it may not do this. Give it the permission to read Sender Authentication.'],
};

async function get({ config, send }: ProviderCall, path: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${config['apiKey'] ?? ''}` };
  return objectOf(jsonOf(name, await send({ endpoint: 'sendgrid', path, headers }), meanings));
}

/** The integration for SendGrid: `test` reads what the key may do, `sync` whether the sender is verified. */
export const sendgrid: Provider = {
  async test(call) {
    const { scopes } = await get(call, '/v3/scopes');
    const canSend = Array.isArray(scopes) && scopes.includes('mail.send');
    const advice = canSend ? 'it can send mail' : 'but it can not send mail: give it the permission Mail Send';
    return {
      message: `SendGrid accepted the key; ${advice}.`,
      details: { canSend, scopeCount: Array.isArray(scopes) ? scopes.length : 0 },
    };
  },

  async sync(call) {
    const senders = listOf((await get(call, '/v3/verified_senders'))['results']);
    const wanted = call.config['fromEmail']?.toLowerCase();
    const own = senders.find((sender) => textOf(sender['from_email'])?.toLowerCase() === wanted);
    return {
      fromEmailVerified: flagOf(own?.['verified']) ?? false,
      senderCount: senders.length,
      senders: senders.slice(0, 20).map((sender) => ({ email: textOf(sender['from_email']), verified: flagOf(sender['verified']) })),
    };
  },
};
