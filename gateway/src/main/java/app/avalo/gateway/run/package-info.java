/**
 * The process: puts the parts together, reloads the plan, stops in order. The composition root; no
 * other package constructs its neighbours. Start at {@link app.avalo.gateway.run.Gateway}.
 */
@NullMarked
package app.avalo.gateway.run;

import org.jspecify.annotations.NullMarked;
