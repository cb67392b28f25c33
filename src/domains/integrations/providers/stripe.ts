/** Stripe. Source: Stripe API reference (account, balance, errors). */
import { flagOf, jsonOf, listOf, objectOf, textOf, type Answer, type Meanings, type Provider, type ProviderCall } from './provider.ts';

const name = 'Stripe';

const meanings: Meanings = {
  401: [
    'CREDENTIALS_REFUSED',
    'Stripe refused the key. Copy the secret key again from Developers → API keys, or make a new one, and update the integration.',
  ],
  403: [
    'PERMISSION_MISSING',
    'Stripe knows the key, but it may read neither the account nor the balance. Give the restricted key read access to one of them.',
  ],
};

const version = '2024-06-20';

/** Returns the account, or what a restricted key may read instead. */
async function readAccount({ config, send }: ProviderCall): Promise<{ account: Answer | null; balance: Answer | null }> {
  const headers = { authorization: `Bearer ${config['secretKey'] ?? ''}`, 'stripe-version': version };
  const answer = await send({ endpoint: 'stripe', path: '/v1/account', headers });
  if (answer.status !== 403) return { account: objectOf(jsonOf(name, answer, meanings)), balance: null };
  return { account: null, balance: objectOf(jsonOf(name, await send({ endpoint: 'stripe', path: '/v1/balance', headers }), meanings)) };
}

function modeOf({ secretKey }: ProviderCall['config']): 'live' | 'test' {
  return secretKey?.includes('_live_') ? 'live' : 'test';
}

/** The integration for Stripe: both functions read the account. */
export const stripe: Provider = {
  async test(call) {
    const { account } = await readAccount(call);
    const mode = modeOf(call.config);
    const id = textOf(account?.['id']);
    return {
      message: `Stripe accepted the key (${mode} mode)${id === null ? '' : ` of account ${id}`}.`,
      details: { accountId: id, mode },
    };
  },

  async sync(call) {
    const { account, balance } = await readAccount(call);
    const mode = modeOf(call.config);
    if (!account) return { mode, currencies: listOf(balance?.['available']).map(({ currency }) => textOf(currency)) };
    return {
      mode,
      accountId: textOf(account['id']),
      businessName: textOf(objectOf(account['business_profile'])['name']),
      country: textOf(account['country']),
      defaultCurrency: textOf(account['default_currency']),
      chargesEnabled: flagOf(account['charges_enabled']),
      payoutsEnabled: flagOf(account['payouts_enabled']),
    };
  },
};
