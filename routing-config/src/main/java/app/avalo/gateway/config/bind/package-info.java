/**
 * A tree to the configuration's values, and the faults that a schema cannot see: units out of
 * range, names of nothing, rules that contradict each other.
 *
 * <p>Binding always ends: a value with a fault is replaced by a harmless one, so that every other
 * fault is found in the same run; the result counts only if there was none. May import values,
 * units, sections, the tree and the plan's path rules. Start at {@link
 * app.avalo.gateway.config.bind.ConfigBinder}.
 */
@NullMarked
package app.avalo.gateway.config.bind;

import org.jspecify.annotations.NullMarked;
