/**
 * Three regions of a small platform, as real HTTP servers in this process, and the tour that shows
 * the gateway in front of them. For demonstration only; nothing of it runs under {@code run}. Each
 * server lives on one event loop; what regions share is safe from all of them. Start at {@link
 * app.avalo.gateway.demo.Demo}.
 */
@NullMarked
package app.avalo.gateway.demo;

import org.jspecify.annotations.NullMarked;
