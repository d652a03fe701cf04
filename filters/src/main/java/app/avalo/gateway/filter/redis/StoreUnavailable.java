package app.avalo.gateway.filter.redis;

/** Redis did not answer in time. Made per failure without a stack trace. */
public final class StoreUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StoreUnavailable(String reason) {
    super(reason, null, false, false);
  }
}
