/**
 * Which regions and endpoints are in service: active checks, signals from live traffic, operators'
 * force. Says <em>may we</em>, never <em>in which order</em>; only the forwarder sees both.
 *
 * <p>One control loop owns the state; data-plane loops read volatile snapshots and hand in signals
 * that cost a few nanoseconds. Fails towards serving: with nothing in service the panic rule picks
 * the least bad. Imports configuration values, the plan, time and Vert.x. Start at {@link
 * app.avalo.gateway.region.Health} to use it, at {@link app.avalo.gateway.region.HealthMonitor} to
 * change it.
 */
@NullMarked
package app.avalo.gateway.region;

import org.jspecify.annotations.NullMarked;
