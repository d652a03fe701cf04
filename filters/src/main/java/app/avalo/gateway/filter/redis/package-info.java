/**
 * The road to Redis: scripts over one pipelined connection per event loop, every call bounded in
 * time and number. Knows nothing of limits, pins or budgets; each of them decides what a failure
 * means. Start at {@link app.avalo.gateway.filter.redis.ScriptRunner}.
 */
@NullMarked
package app.avalo.gateway.filter.redis;

import org.jspecify.annotations.NullMarked;
