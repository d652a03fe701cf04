/**
 * What monitoring sees: counters, histograms, the metrics page, the access log.
 *
 * <p>Both filters run on event loops and only touch memory of their own loop: every cell and every
 * ring has one writer. Scrapes and the log's writer thread read from the side. Labels are names of
 * the configuration, never what a client sent, so the number of series has a ceiling. Fails open: a
 * full ring drops lines and counts them, a source that throws leaves its metric out. Start at
 * {@link app.avalo.gateway.observe.MetricsPage}.
 */
@NullMarked
package app.avalo.gateway.observe;

import org.jspecify.annotations.NullMarked;
