/**
 * The plan: the immutable result of compiling the configuration, read by every event loop without a
 * lock. Names are resolved to objects, objects carry small ordinals for arrays of live state.
 *
 * <p>Pure: no Vert.x, thread or clock. A reload compiles a new plan and swaps one reference; what
 * began on the old plan ends on it. Start at {@link app.avalo.gateway.config.plan.Plan}.
 */
@NullMarked
package app.avalo.gateway.config.plan;

import org.jspecify.annotations.NullMarked;
