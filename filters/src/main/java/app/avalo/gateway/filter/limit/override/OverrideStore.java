package app.avalo.gateway.filter.limit.override;

import io.vertx.core.Future;
import java.util.List;

/** Where overrides are kept; one thread. Every answer is what is kept now. */
public interface OverrideStore {
  Future<List<LimitOverride>> all();

  /** Keeps one in place of any other for the same caller; fails when there are too many. */
  Future<List<LimitOverride>> put(LimitOverride order);

  Future<List<LimitOverride>> remove(String policy, String subject);

  /** There are {@link Overrides#MOST} already. */
  final class TooMany extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooMany() {
      super("There are " + Overrides.MOST + " overrides already", null, false, false);
    }
  }
}
