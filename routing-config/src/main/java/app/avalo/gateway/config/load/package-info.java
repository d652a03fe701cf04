/**
 * Bytes to a valid configuration, or all faults with file, line and column.
 *
 * <p>Shape (keys, types, spelling of units) is checked by the published JSON Schema, meaning by
 * {@link app.avalo.gateway.config.bind}; a value gets one message, from whichever looks first. Runs
 * on any thread and reads files, so never on an event loop. Fails closed: one fault and there is no
 * configuration. Start at {@link app.avalo.gateway.config.load.ConfigLoader}.
 */
@NullMarked
package app.avalo.gateway.config.load;

import org.jspecify.annotations.NullMarked;
