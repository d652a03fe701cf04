/**
 * The budget ledger on disk: what was spent, held and corrected.
 *
 * <p>Requests move {@link app.avalo.gateway.filter.budget.journal.Counter counters}, whose state is
 * in mapped memory and outlives a killed process; corrections and all else that happens rarely have
 * a checksummed line each, which is in a mapped {@link app.avalo.gateway.filter.budget.journal.Pad}
 * until it is on disk. One writer thread owns the files: it writes what has gathered, and a line
 * for each counter that moved, as one group behind a snapshot of everything before. The writer
 * applies each entry to a {@link app.avalo.gateway.filter.budget.journal.Book} of its own, the same
 * code that recovery runs, and writes that book as the next snapshot. A disk that fails stops
 * nothing: the book goes on in memory and is written whole once the disk answers again. Imports
 * nothing of the gateway. Start at {@link app.avalo.gateway.filter.budget.journal.FileJournal}.
 */
@NullMarked
package app.avalo.gateway.filter.budget.journal;

import org.jspecify.annotations.NullMarked;
