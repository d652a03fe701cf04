/**
 * YAML as a tree in which every value knows its file, line and column, and the faults found in it.
 * Knows nothing of gateways.
 *
 * <p>Everything read here is bounded: bytes, depth, values, aliases, faults. Imports nothing of the
 * configuration. A file that cannot be read becomes a {@link app.avalo.gateway.config.yaml.Fault},
 * never an exception. Start at {@link app.avalo.gateway.config.yaml.TreeReader}.
 */
@NullMarked
package app.avalo.gateway.config.yaml;

import org.jspecify.annotations.NullMarked;
