/**
 * The operators' own port: health of the process, metrics, the JSON under {@code /admin} and the
 * page. A verticle of its own, with rendering on workers; started after the listeners, closed last.
 * Knows the process only as {@link app.avalo.gateway.admin.api.Controls}. Start at {@link
 * app.avalo.gateway.admin.AdminServer}.
 */
@NullMarked
package app.avalo.gateway.admin;

import org.jspecify.annotations.NullMarked;
