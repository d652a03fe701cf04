/**
 * How a call to the admin port is admitted, read, answered and written down: who asks, with which
 * role, a bounded strict body, problems (RFC 9457) for everything else, one audit line per write.
 * Knows nothing of what is asked for. One event loop, that of the admin port. Fails closed: without
 * a good credential nothing is written, and read from this machine only. Start at {@link
 * app.avalo.gateway.admin.http.Api}.
 */
@NullMarked
package app.avalo.gateway.admin.http;

import org.jspecify.annotations.NullMarked;
