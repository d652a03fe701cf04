/**
 * How exchanges are answered and ended, exactly once each: problems, fixed answers and gRPC
 * statuses made here, and the last words of relayed answers. On the exchange's event loop. Start at
 * {@link app.avalo.gateway.edge.answer.Answers}.
 */
@NullMarked
package app.avalo.gateway.edge.answer;

import org.jspecify.annotations.NullMarked;
