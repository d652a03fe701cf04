/**
 * A tree read by keys: each {@link app.avalo.gateway.config.section.Section} gives values of the
 * kind that is asked for, and notes as a fault what it cannot read. Knows units and the tree, no
 * value of the configuration.
 */
@NullMarked
package app.avalo.gateway.config.section;

import org.jspecify.annotations.NullMarked;
