// SPDX-License-Identifier: Apache-2.0
// oidc.mjs - an OpenID Connect provider on loopback: node oidc.mjs FOLDER PORT CALLBACK...
// FOLDER has node_modules/oidc-provider. Clients: "web" (public), "secret" (client_secret_basic); tokens for the
// resource http://catalog.test are JWTs with that audience.
import { createRequire } from 'node:module';
import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [folder, port, ...callbacks] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(createRequire(`${folder}/`).resolve('oidc-provider')));
const code = { redirect_uris: callbacks, grant_types: ['authorization_code'], response_types: ['code'] };
const audience = 'http://catalog.test';
const key = (type, options, more) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...more });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { client_id: 'web', token_endpoint_auth_method: 'none', ...code },
    { client_id: 'secret', client_secret: 'the client\'s own: +/%', token_endpoint_auth_method: 'client_secret_basic', id_token_signed_response_alg: 'ES256', ...code },
    { client_id: 'engine', client_secret: 'engine-secret', token_endpoint_auth_method: 'client_secret_post', redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
  ],
  jwks: { keys: [key('rsa', { modulusLength: 2048 }, { kid: 'r', alg: 'RS256' }), key('ec', { namedCurve: 'P-256' }, { kid: 'e', alg: 'ES256' })] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true, defaultResource: () => audience, useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'catalog', audience, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
    },
  },
  scopes: ['openid', 'email', 'catalog'],
  claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@corp.test`, email_verified: !id.startsWith('unseen'), groups: id.startsWith('chief') ? ['eng', 'chiefs'] : ['eng'] }),
  }),
  extraTokenClaims: (ctx, token) => ({ groups: token.clientId === 'engine' ? ['chiefs'] : ['eng'] }),
  pkce: { required: () => true },
  cookies: { keys: ['k'] },
  ttl: { Session: 600, Grant: 600, Interaction: 600 },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
