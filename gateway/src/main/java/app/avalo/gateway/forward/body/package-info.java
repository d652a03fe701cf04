/**
 * Bodies of requests on their way up: collected when small, streamed otherwise, within a bound on
 * what one event loop holds. Confined to that loop; knows nothing of regions or retries. Start at
 * {@link app.avalo.gateway.forward.body.RequestBody}.
 */
@NullMarked
package app.avalo.gateway.forward.body;

import org.jspecify.annotations.NullMarked;
