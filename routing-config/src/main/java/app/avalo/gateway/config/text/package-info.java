/**
 * Look-up by a stretch of a longer text, such as one segment of a path, without cutting the stretch
 * out. Immutable, any thread, imports nothing of the gateway.
 */
@NullMarked
package app.avalo.gateway.config.text;

import org.jspecify.annotations.NullMarked;
