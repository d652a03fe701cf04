/**
 * Connections of clients: how many there may be, what is known of each, how long it may be idle and
 * how it ends. One set per event loop, but for the counts of {@link
 * app.avalo.gateway.edge.client.OpenConnections}. Knows nothing of routes and filters.
 */
@NullMarked
package app.avalo.gateway.edge.client;

import org.jspecify.annotations.NullMarked;
