/**
 * One budget in one period: what is spent and held of it, by whom, and what operators were told.
 * Every method is one short critical section; nothing is called from inside it but counters of the
 * journal. Knows nothing of requests or of the store. Start at {@link
 * app.avalo.gateway.filter.budget.term.Term}.
 */
@NullMarked
package app.avalo.gateway.filter.budget.term;

import org.jspecify.annotations.NullMarked;
