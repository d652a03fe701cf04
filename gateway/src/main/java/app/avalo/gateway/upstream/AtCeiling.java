package app.avalo.gateway.upstream;

/** The pool has no room; the endpoint is not to blame. */
public final class AtCeiling extends RuntimeException {
  private static final long serialVersionUID = 1;

  public static final AtCeiling INSTANCE = new AtCeiling();

  private AtCeiling() {
    super("connection ceiling reached", null, false, false);
  }
}
