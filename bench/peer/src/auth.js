// HS256 tokens: issue and verify them.

import { createSecretKey } from 'node:crypto';

import jwt from 'jsonwebtoken';

import { forbidden, unauthenticated } from './problems.js';
import { settings } from './settings.js';

const DAY = 24 * 60 * 60;

// Given as text, jsonwebtoken would try it as a public key at each verification first,
// which takes a third of a command's time.
const key = createSecretKey(settings.jwtSecret, 'utf8');

export const holderOf = (subject) => `owner:${subject}`;

export function issueTokens(subject) {
  const sign = (type, expiresIn) =>
    jwt.sign({ gen: {}, type }, key, { subject, expiresIn });
  return {
    adminToken: sign('access', DAY),
    adminTokenExpiresAt: Date.now() + DAY * 1000,
    refreshToken: sign('refresh', 90 * DAY),
  };
}

/** Return the verified claims of the request's token; null where it has none. */
export function claimsOf(request) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (!token) return null;
  if (scheme.toLowerCase() !== 'bearer') throw unauthenticated('Send a bearer token.');
  let claims;
  try {
    claims = jwt.verify(token, key, { algorithms: ['HS256'] });
  } catch {
    throw unauthenticated('The token is not accepted here.');
  }
  if (typeof claims.sub !== 'string' || claims.type !== 'access') {
    throw unauthenticated('The token is not accepted here.');
  }
  return claims;
}

export function requiredClaimsOf(request) {
  const claims = claimsOf(request);
  if (claims === null) throw unauthenticated('Send a token.');
  return claims;
}

/** Check what `owner_id` and the current `generation` of its tokens let them do. */
export function checkOwner(claims, row) {
  if (row === undefined || row.owner_id !== claims.sub) throw forbidden();
  const signed = claims.gen?.[holderOf(claims.sub)] ?? 0;
  if (row.generation !== null && row.generation !== signed) {
    throw unauthenticated('The token has been taken back.');
  }
}
