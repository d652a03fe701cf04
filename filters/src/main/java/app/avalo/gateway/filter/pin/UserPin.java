package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.pin.store.Binding;
import app.avalo.gateway.filter.pin.store.PinKey;
import io.vertx.core.Future;

/**
 * The pin of one exchange. Immutable; a move makes another one.
 *
 * @param visit whose request it is
 * @param pin group and contract
 * @param binding that holds, or is proposed
 * @param region of the binding, in the exchange's plan
 * @param source where the binding came from
 */
record UserPin(PinBinder.Visit visit, Pin pin, Binding binding, Region region, Source source)
    implements Pinned {

  /** Where a binding came from. */
  enum Source {
    COOKIE("cookie"),
    STORE("store"),
    /** First contact, stored already. */
    NEW("new"),
    /** First contact, not stored until the forwarder has chosen. */
    PROPOSED("new"),
    MOVED("moved"),
    /** Decided by this gateway alone while the store is away. */
    ALONE("moved");

    private final String word;

    Source(String word) {
      this.word = word;
    }
  }

  @Override
  public String group() {
    return pin.group();
  }

  @Override
  public Contract contract() {
    return pin.contract();
  }

  @Override
  public long epoch() {
    return binding.epoch();
  }

  @Override
  public String origin() {
    return source.word;
  }

  PinKey key() {
    return visit.identity().key(pin.group());
  }

  @Override
  public Future<Pinned> moveTo(Region to) {
    if (to.config().index() == binding.region()) {
      return Future.succeededFuture(this);
    }
    return visit.binder().move(this, to, Binding.Cause.FAILOVER).map(moved -> moved);
  }
}
