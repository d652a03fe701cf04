package app.avalo.gateway.filter.budget.receipt;

/** There is no place to remember another id. Made once, without a stack trace. */
final class Forgotten extends RuntimeException {
  static final Forgotten FULL = new Forgotten("no place for another id");

  private static final long serialVersionUID = 1;

  private Forgotten(String why) {
    super(why, null, false, false);
  }
}
