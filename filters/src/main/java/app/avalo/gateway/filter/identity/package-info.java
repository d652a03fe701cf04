/**
 * Who the caller is: bearer tokens and API keys, looked at before anything is counted against
 * anybody.
 *
 * <p>One {@link app.avalo.gateway.filter.identity.Identities} serves the process and is safe from
 * every thread; one filter serves each event loop. HS256 and RS256 are verified on the event loop,
 * ES256 on a few worker threads (see RATIONALE); the result is cached by the token's hash. Keys are
 * loaded off the request path; only a token whose key is not known waits, at most for one load.
 * Imports the filter contract and configuration only. Fails closed: a credential that cannot be
 * checked is 401, or 503 while its issuer's keys cannot be had, never an anonymous caller. Start at
 * {@link app.avalo.gateway.filter.identity.IdentityFilter}.
 */
@NullMarked
package app.avalo.gateway.filter.identity;

import org.jspecify.annotations.NullMarked;
