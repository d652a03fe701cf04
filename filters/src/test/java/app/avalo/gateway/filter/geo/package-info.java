/** Tests of placing, and the writer of GeoIP files that other modules' tests use too. */
@NullMarked
package app.avalo.gateway.filter.geo;

import org.jspecify.annotations.NullMarked;
