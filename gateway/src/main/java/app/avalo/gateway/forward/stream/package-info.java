/**
 * Streams that cost more the longer they flow: metered chunk by chunk, and ended between two of
 * their events or messages when nothing more can be paid. Confined to an event loop; knows nothing
 * of sockets or of budgets. Start at {@link app.avalo.gateway.forward.stream.Metered}.
 */
@NullMarked
package app.avalo.gateway.forward.stream;

import org.jspecify.annotations.NullMarked;
