package app.avalo.gateway.filter;

import org.jspecify.annotations.Nullable;

/** The rest of a pipeline that only notes what a filter decided, and refuses a second decision. */
public final class Outcome implements Next {
  private boolean proceeded;
  private Reply.@Nullable Local reply;

  /** Runs the upward half of one filter. */
  public static Outcome of(Filter filter, Exchange exchange) {
    Outcome outcome = new Outcome();
    filter.request(exchange, outcome);
    return outcome;
  }

  @Override
  public void proceed(Exchange exchange) {
    decideOnce();
    proceeded = true;
  }

  @Override
  public void reply(Exchange exchange, Reply.Local reply) {
    decideOnce();
    this.reply = reply;
  }

  private void decideOnce() {
    if (decided()) {
      throw new AssertionError("a filter may decide once only");
    }
  }

  /** Whether the filter has called back yet. */
  public boolean decided() {
    return proceeded || reply != null;
  }

  /** Whether the exchange may pass. */
  public boolean proceeded() {
    return proceeded;
  }

  /** The answer given instead. */
  public Reply.Local reply() {
    Reply.Local given = reply;
    if (given == null) {
      throw new AssertionError(proceeded ? "it was let pass" : "nothing was decided");
    }
    return given;
  }

  /** Status of the answer given instead, or 0 when there is none. */
  public int status() {
    return reply == null ? 0 : reply.status();
  }

  /** Why it was refused. */
  public GatewayError error() {
    GatewayError error = reply().error();
    if (error == null) {
      throw new AssertionError("the answer is no error");
    }
    return error;
  }
}
