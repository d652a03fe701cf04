/**
 * The operators' own port: health of the process, metrics, the JSON under {@code /admin} and the
 * page. Runs on an event loop of its own, so that a busy data plane cannot silence it and it cannot
 * slow the data plane; started after the listeners, closed last. Knows the process only as {@link
 * app.avalo.gateway.admin.api.Controls}. Start at {@link app.avalo.gateway.admin.AdminServer}.
 */
@NullMarked
package app.avalo.gateway.admin;

import org.jspecify.annotations.NullMarked;
