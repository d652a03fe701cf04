/**
 * Look-up inside a longer text, such as a segment of a path or a parameter of a query, without
 * cutting everything else out. Immutable, any thread, imports nothing of the gateway.
 */
@NullMarked
package app.avalo.gateway.config.text;

import org.jspecify.annotations.NullMarked;
