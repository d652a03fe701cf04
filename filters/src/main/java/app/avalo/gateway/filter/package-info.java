/**
 * The frames a request passes before and after it is forwarded, and the one object that travels
 * through them.
 *
 * <p>Everything here runs on the event loop of the exchange; nothing blocks. A filter either lets
 * the exchange pass ({@link app.avalo.gateway.filter.Next#proceed}) or answers it ({@link
 * app.avalo.gateway.filter.Next#reply}), exactly once, now or later on the same loop. Configuration
 * comes with the exchange ({@link app.avalo.gateway.filter.Exchange#plan}), so a filter holds live
 * state only and survives every reload. Start at {@link app.avalo.gateway.filter.Filter}.
 */
@NullMarked
package app.avalo.gateway.filter;

import org.jspecify.annotations.NullMarked;
