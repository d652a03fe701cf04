/**
 * Users who spend far more of a budget than others. Each gateway watches for itself, in bounded
 * memory, from every thread; fails open. Knows nothing of requests. Start at {@link
 * app.avalo.gateway.filter.budget.abuse.Spenders}.
 */
@NullMarked
package app.avalo.gateway.filter.budget.abuse;

import org.jspecify.annotations.NullMarked;
