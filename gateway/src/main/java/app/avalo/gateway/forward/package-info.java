/**
 * From an admitted exchange to the last byte of its answer. The only place that sees both
 * preference and health; owns retries, deadlines and the copy of every header and byte.
 *
 * <p>Everything runs on the exchange's event loop and is confined to it. May import {@code
 * upstream} and {@code region}, never {@code edge}. Start at {@link
 * app.avalo.gateway.forward.Forwarder}.
 */
@NullMarked
package app.avalo.gateway.forward;

import org.jspecify.annotations.NullMarked;
