/**
 * What a region costs a caller in milliseconds: a guess from the map, corrected by what was
 * measured.
 *
 * <p>{@link app.avalo.gateway.filter.latency.LatencyModel} learns and answers, for a client as for
 * the gateway itself; {@link app.avalo.gateway.filter.latency.Vantage} is who asks; {@link
 * app.avalo.gateway.filter.latency.Ranking} makes an order of it. Readers on event loops never wait
 * and allocate nothing; writers hold one lock for the time of a sample. Memory is bounded whatever
 * is measured. Knows nothing of health and imports no filter. Fails open: without samples there is
 * the map, without a map the order of the configuration.
 */
@NullMarked
package app.avalo.gateway.filter.latency;

import org.jspecify.annotations.NullMarked;
