package app.avalo.gateway.filter.identity.jose;

/** Says why bytes are no token or no key. Without stack trace: strangers cause it at will. */
public final class MalformedException extends Exception {
  private static final long serialVersionUID = 1;

  /** The reason in a few words, without any part of the input. */
  public MalformedException(String reason) {
    super(reason, null, false, false);
  }
}
