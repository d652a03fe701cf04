/**
 * What a client says of itself beside the fields of HTTP: its certificate, that it speaks gRPC, and
 * by its method whether there is a body. Values, any thread; imports nothing of the gateway.
 */
@NullMarked
package app.avalo.gateway.filter.client;

import org.jspecify.annotations.NullMarked;
