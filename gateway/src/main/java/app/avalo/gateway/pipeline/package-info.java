/**
 * The filters in their order. One pipeline per event loop; compiled once into a chain of frames, so
 * that no position is kept in the exchange. Start at {@link app.avalo.gateway.pipeline.Pipeline}.
 */
@NullMarked
package app.avalo.gateway.pipeline;

import org.jspecify.annotations.NullMarked;
