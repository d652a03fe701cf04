/**
 * Turns what the parts of the gateway count about themselves into metrics. Runs on the scraping
 * thread; reads snapshots that are safe there. Start at {@link
 * app.avalo.gateway.observe.source.PartSources}.
 */
@NullMarked
package app.avalo.gateway.observe.source;

import org.jspecify.annotations.NullMarked;
