/**
 * What a client says of itself beside the fields of HTTP: its certificate, and that it speaks gRPC.
 * Values, any thread; imports nothing of the gateway.
 */
@NullMarked
package app.avalo.gateway.filter.client;

import org.jspecify.annotations.NullMarked;
