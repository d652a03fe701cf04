/**
 * What operators may say: one immutable value per section of the YAML, each valid by construction.
 *
 * <p>Values only. No Vert.x, no thread, no clock: time is a {@link java.time.Duration}, money an
 * exact count of micro-units. {@link app.avalo.gateway.config.load} turns bytes into these values,
 * {@link app.avalo.gateway.config.plan} compiles them into what the data plane reads. Start at
 * {@link app.avalo.gateway.config.GatewayConfig}.
 */
@NullMarked
package app.avalo.gateway.config;

import org.jspecify.annotations.NullMarked;
