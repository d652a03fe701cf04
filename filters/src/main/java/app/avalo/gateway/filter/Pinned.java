package app.avalo.gateway.filter;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.plan.Region;
import io.vertx.core.Future;

/** The binding of one exchange's user to one region. */
public interface Pinned {
  /** Services of one group share a user's pin. */
  String group();

  Contract contract();

  /** The region that owns the user. */
  Region region();

  /** {@code counter << 16 | region index}; grows with every move of this user. */
  long epoch();

  /** Where the pin came from, in a word for {@code explain}: cookie, store, new, moved. */
  String origin();

  /**
   * Binds the user to another region; only the forwarder calls it, once health has given up the
   * pinned region. Completes on this event loop with the binding that now holds, which is another
   * replica's if that was faster. Fails when the store cannot tell.
   */
  Future<Pinned> moveTo(Region to);
}
