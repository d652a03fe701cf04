/**
 * The budget ledger on disk: what was reserved, settled and corrected, one checksummed line each,
 * behind a snapshot of everything before.
 *
 * <p>Event loops only queue entries; one writer thread owns the files, writes whatever has gathered
 * and forces it to disk as one group. Until then a line is in a mapped {@link
 * app.avalo.gateway.filter.budget.journal.Pad}, which outlives a killed process. The writer applies
 * each entry to a {@link app.avalo.gateway.filter.budget.journal.Book} of its own, the same code
 * that recovery runs, and writes that book as the next snapshot. A disk that fails stops nothing:
 * the book goes on in memory and is written whole once the disk answers again. Imports nothing of
 * the gateway. Start at {@link app.avalo.gateway.filter.budget.journal.FileJournal}.
 */
@NullMarked
package app.avalo.gateway.filter.budget.journal;

import org.jspecify.annotations.NullMarked;
