package app.avalo.gateway.forward;

import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.forward.head.UpstreamHead;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.upstream.AtCeiling;
import app.avalo.gateway.upstream.EndpointPool;
import app.avalo.gateway.upstream.Upstream;
import io.netty.handler.codec.DecoderException;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import org.jspecify.annotations.Nullable;

/** One try of one exchange at one endpoint. What it reports after it was abandoned is ignored. */
final class Attempt implements EndpointPool.Waiter {
  /**
   * A request that cannot be sent twice takes only a connection that was in use a moment ago: many
   * servers close idle ones after few seconds, and it would be lost in the same instant.
   */
  private static final long WARM_NANOS = 1_500_000_000L;

  private final Forwarding forwarding;
  private final Destination destination;
  private final Destination.Member member;
  private final long patienceNanos;
  private @Nullable Upstream upstream;
  private @Nullable HttpClientRequest request;
  private boolean over;
  private boolean answered;

  Attempt(
      Forwarding forwarding,
      Destination destination,
      Destination.Member member,
      long patienceNanos) {
    this.forwarding = forwarding;
    this.destination = destination;
    this.member = member;
    this.patienceNanos = patienceNanos;
  }

  Destination destination() {
    return destination;
  }

  Destination.Member member() {
    return member;
  }

  /** Nanoseconds to the head of an answer, 0 when only the exchange's own deadline holds. */
  long patienceNanos() {
    return patienceNanos;
  }

  /** Whether the request went onto a connection. */
  boolean isSent() {
    return request != null;
  }

  /** Whether a reused connection died under the request, which says little of the endpoint. */
  boolean wasStale() {
    return upstream != null && upstream.reused();
  }

  /**
   * Begins.
   *
   * @param fresh on a connection that nobody used before
   */
  void start(boolean fresh) {
    if (fresh) {
      member.pool().connect(this);
    } else {
      member.pool().acquire(this, patienceNanos > 0 ? Long.MAX_VALUE : WARM_NANOS);
    }
  }

  @Override
  public void connected(Upstream lent) {
    upstream = lent;
    if (over) {
      lent.release();
      return;
    }
    RequestOptions line =
        new RequestOptions()
            .setMethod(forwarding.request().method())
            .setURI(UpstreamHead.uri(forwarding.exchange()));
    lent.connection().request(line).onComplete(this::ready);
  }

  private void ready(@Nullable HttpClientRequest made, @Nullable Throwable failure) {
    if (over) {
      if (made != null) {
        made.exceptionHandler(ignored -> {}).reset();
      }
      return;
    }
    if (made == null) {
      fail(Failure.RESET, Kind.UPSTREAM_RESET, "The service closed the connection.", false);
      return;
    }
    try {
      send(made);
    } catch (RuntimeException defect) {
      forwarding.defect(defect);
    }
  }

  private void send(HttpClientRequest made) {
    request = made;
    made.exceptionHandler(this::broken);
    made.response().onComplete(this::answered);
    UpstreamHead.write(
        forwarding.exchange(),
        forwarding.request(),
        made.headers(),
        forwarding.forwarder().traces());
    forwarding.sent(this);
    if (forwarding.isUpgrade()) {
      made.headers().set(HttpHeaders.UPGRADE, "websocket");
      made.headers().set(HttpHeaders.CONNECTION, "Upgrade");
      made.connect();
    } else {
      forwarding.body().sendTo(made);
    }
  }

  @Override
  public void notConnected(Throwable cause) {
    if (over) {
      return;
    }
    if (cause instanceof AtCeiling) {
      over = true;
      forwarding.refused(
          this,
          new GatewayError(
              Kind.OVERLOADED, "upstream.connections", "Too many requests are in flight.", 1));
      return;
    }
    boolean timeout = cause instanceof io.netty.channel.ConnectTimeoutException;
    fail(
        timeout ? Failure.TIMEOUT : Failure.CONNECT,
        Kind.UPSTREAM_CONNECT,
        "The service cannot be reached.",
        false);
  }

  private void answered(@Nullable HttpClientResponse answer, @Nullable Throwable failure) {
    if (answer != null) {
      // One that is not relayed is cut off; without a handler that is logged with a stack trace.
      answer.exceptionHandler(ignored -> {});
    }
    if (answer == null) {
      broken(failure);
    } else if (over) {
      discard();
    } else if (answer.statusCode() < 200 && !forwarding.isUpgrade()) {
      fail(Failure.BAD_ANSWER, Kind.UPSTREAM_PROTOCOL, "The service changed the protocol.", true);
    } else {
      answered = true;
      try {
        forwarding.head(this, answer);
      } catch (RuntimeException defect) {
        forwarding.defect(defect);
      }
    }
  }

  private void broken(@Nullable Throwable failure) {
    if (over || answered) {
      return;
    }
    if (failure instanceof DecoderException || failure instanceof IllegalArgumentException) {
      fail(
          Failure.BAD_ANSWER,
          Kind.UPSTREAM_PROTOCOL,
          "The service answered something that is not HTTP.",
          true);
    } else {
      fail(Failure.RESET, Kind.UPSTREAM_RESET, "The service closed the connection.", true);
    }
  }

  private void fail(Failure failure, Kind kind, String detail, boolean wasSent) {
    over = true;
    discard();
    forwarding.failed(this, failure, new GatewayError(kind, detail), wasSent);
  }

  /** Gives the connection back, for the next exchange if this one left it clean. */
  void finish(boolean clean) {
    over = true;
    if (clean && upstream != null) {
      upstream.release();
    } else {
      discard();
    }
  }

  /** Stops caring; a request on its way is cut off, so that the upstream stops too. */
  void abandon() {
    if (!over) {
      over = true;
      discard();
    }
  }

  private void discard() {
    if (upstream != null) {
      upstream.discard();
    }
  }
}
