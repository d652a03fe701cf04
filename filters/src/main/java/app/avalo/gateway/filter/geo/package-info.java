/**
 * Where a caller is, and the order in which regions are tried for it.
 *
 * <p>The filter runs on event loops and holds one small cache per loop; the database is opened on a
 * worker thread and swapped by one reference. What is not known stays unknown: every failure here
 * ends in the static order of the configuration, so placing fails open. Residency alone fails
 * closed: it filters before anything is ordered. Says <em>which order</em>, never whether a region
 * is up. Imports no other filter. Start at {@link app.avalo.gateway.filter.geo.RoutingAdvisor}.
 */
@NullMarked
package app.avalo.gateway.filter.geo;

import org.jspecify.annotations.NullMarked;
