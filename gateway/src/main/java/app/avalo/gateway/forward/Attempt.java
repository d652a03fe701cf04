package app.avalo.gateway.forward;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.forward.choice.Destination;
import app.avalo.gateway.forward.choice.Member;
import app.avalo.gateway.forward.head.Fence;
import app.avalo.gateway.forward.head.UpstreamHead;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.upstream.AtCeiling;
import app.avalo.gateway.upstream.EndpointPool;
import app.avalo.gateway.upstream.Fields;
import app.avalo.gateway.upstream.Loss;
import app.avalo.gateway.upstream.UpstreamListener;
import app.avalo.gateway.upstream.UpstreamStream;
import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.net.NetSocket;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One try of one exchange at one endpoint. What it reports after it was abandoned is ignored. */
final class Attempt implements EndpointPool.Waiter, UpstreamListener {
  /**
   * A request that cannot be sent twice takes only a connection that was in use a moment ago: many
   * servers close idle ones after few seconds, and it would be lost in the same instant.
   */
  private static final long WARM_NANOS = 1_500_000_000L;

  /** Beyond the connect time-out, which does not cover the look-up of a name. */
  private static final long CONNECT_SLACK_NANOS = 200_000_000L;

  private final Forwarding forwarding;
  private final Destination destination;
  private final Member member;
  private final long patienceNanos;
  private @Nullable UpstreamStream stream;
  private @Nullable Answer answer; // from its head on
  private boolean sent;
  private long sentNanos;
  private long dueNanos;
  private boolean awaited; // by the health of the endpoint
  private @Nullable Loss loss;
  private @Nullable EarlyHints earlyHints;
  private boolean over;

  Attempt(Forwarding forwarding, Destination destination, Member member, long patienceNanos) {
    this.forwarding = forwarding;
    this.destination = destination;
    this.member = member;
    this.patienceNanos = patienceNanos;
  }

  Destination destination() {
    return destination;
  }

  Member member() {
    return member;
  }

  /** Whether an answer has to come earlier than the exchange's own deadline says. */
  boolean isTimed() {
    return patienceNanos > 0;
  }

  /** When to look at it again: at its connection, then at its answer or at its body. */
  long dueNanos() {
    return dueNanos;
  }

  /** It is on its way to a connection. */
  void begun(ServiceConfig config, long nowNanos) {
    long tcp = config.timeouts().connect().toNanos() + CONNECT_SLACK_NANOS;
    boolean tls = member.endpoint().tls();
    dueNanos = nowNanos + (tls ? tcp + config.upstreamTls().handshakeTimeout().toNanos() : tcp);
  }

  /** The request goes onto a connection. */
  void sent(long nowNanos) {
    sentNanos = nowNanos;
    dueNanos = isTimed() ? nowNanos + patienceNanos : forwarding.body().nextCheckNanos(nowNanos);
  }

  long sentNanos() {
    return sentNanos;
  }

  /** Whether the request went onto a connection. */
  boolean isSent() {
    return sent;
  }

  /** Whether a reused connection died under the request, which says little of the endpoint. */
  boolean wasStale() {
    return isReused() && loss != Loss.REFUSED;
  }

  /** Whether the endpoint had no room for the request, or none to give: not a failure of its. */
  boolean wasRefused() {
    return loss == Loss.REFUSED || loss == Loss.UNPROCESSED && !isReused();
  }

  private boolean isReused() {
    return stream != null && stream.isReused();
  }

  /** Begins, on any connection of the endpoint. */
  void start() {
    if (forwarding.isUpgrade()) {
      member.pool().tunnel(this);
    } else {
      member.pool().acquire(this, isTimed() ? Long.MAX_VALUE : WARM_NANOS);
    }
  }

  /** Begins, on a connection other than the one that just turned out to be dead. */
  void startAgain() {
    member.pool().replace(this);
  }

  @Override
  public void connected(UpstreamStream lent) {
    stream = lent;
    if (over) {
      lent.leave();
      return;
    }
    lent.listen(this);
    guard(() -> send(lent));
  }

  /** A mistake in handling one exchange must end that one, and not a connection that others use. */
  private void guard(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException defect) {
      forwarding.defect(defect);
    }
  }

  private void send(UpstreamStream to) {
    long nowNanos = forwarding.forwarder().ticker().nanos();
    Pinned pin = forwarding.exchange().pin();
    if (pin != null && pin.writes() && !pin.mayWrite(nowNanos)) {
      forwarding.attempts().closed(this);
      return;
    }
    if (!forwarding.attempts().isPaid(this)) {
      return;
    }
    sent = true;
    if (!forwarding.body().isAwaited()) {
      awaited = true;
      member.health().sent();
    }
    MultiMap headers = HttpHeaders.headers();
    UpstreamHead.write(
        forwarding.exchange(), forwarding.request(), headers, forwarding.forwarder().traces());
    if (pin != null) {
      pin.tell(headers, forwarding.exchange().head().id(), nowNanos);
    }
    if (to.isHttp2()) {
      UpstreamHead.writeTe(forwarding.request().headers(), headers);
    }
    forwarding.attempts().sent(this);
    forwarding.body().frame(headers);
    to.head(forwarding.request().method(), UpstreamHead.uri(forwarding.exchange()), headers);
    if (forwarding.isUpgrade()) {
      headers.set(HttpHeaders.UPGRADE, "websocket");
      headers.set(HttpHeaders.CONNECTION, "Upgrade");
      Upgrade.keepReadable(forwarding.exchange(), headers);
      to.upgrade();
    } else {
      forwarding.body().sendTo(to);
    }
  }

  @Override
  public void notConnected(Throwable cause) {
    if (over) {
      return;
    }
    if (cause instanceof AtCeiling) {
      over = true;
      forwarding
          .attempts()
          .refused(
              this,
              new GatewayError(
                  Kind.OVERLOADED, "upstream.connections", "Too many requests are in flight.", 1));
      return;
    }
    fail(
        cause instanceof ConnectTimeoutException ? Failure.TIMEOUT : Failure.CONNECT,
        Kind.UPSTREAM_CONNECT,
        "The service cannot be reached.",
        false);
  }

  @Override
  public void hints(Fields fields) {
    if (!over && answer == null) {
      if (earlyHints == null) {
        earlyHints = new EarlyHints(forwarding.request());
      }
      EarlyHints to = earlyHints;
      guard(() -> to.pass(fields));
    }
  }

  @Override
  public void head(int status, Fields fields) {
    settle();
    Pinned pin = forwarding.exchange().pin();
    if (status == 409 && pin != null && !over) {
      Fence.heard(fields, pin);
    }
    guard(() -> answer = forwarding.head(this, status, fields));
  }

  @Override
  public void switched(Fields fields, NetSocket socket) {
    settle();
    guard(() -> forwarding.switched(this, fields, socket));
  }

  @Override
  public void chunk(Buffer chunk) {
    Answer to = answer;
    if (to != null) {
      guard(() -> to.chunk(chunk));
    }
  }

  @Override
  public void settled() {
    Answer to = answer;
    if (to != null) {
      guard(to::settled);
    }
  }

  @Override
  public void end(@Nullable Fields trailers) {
    Answer to = answer;
    if (to != null) {
      guard(() -> to.end(trailers));
    }
  }

  @Override
  public void drained() {
    forwarding.body().flow();
  }

  @Override
  public void lost(Loss how) {
    if (answer != null) {
      answer.lost();
    } else if (!over) {
      loss = how;
      if (how == Loss.PROTOCOL) {
        fail(
            Failure.BAD_ANSWER,
            Kind.UPSTREAM_PROTOCOL,
            "The service answered something that is not HTTP.",
            true);
      } else {
        fail(
            Failure.RESET,
            Kind.UPSTREAM_RESET,
            "The service closed the connection.",
            !how.isHarmless() || !forwarding.body().isRepeatable());
      }
    }
  }

  private void fail(Failure failure, Kind kind, String detail, boolean wasSent) {
    finish();
    forwarding.attempts().failed(this, failure, new GatewayError(kind, detail), wasSent);
  }

  private void settle() {
    if (awaited) {
      awaited = false;
      member.health().settled();
    }
  }

  /** Stops the answer while the client does not read. */
  void pause() {
    Objects.requireNonNull(stream).pause();
  }

  void resume() {
    Objects.requireNonNull(stream).resume();
  }

  /** Stops caring; what is not complete is cut off, so that the upstream stops too. */
  void finish() {
    over = true;
    settle();
    if (stream != null) {
      forwarding.body().leave(stream);
      stream.leave();
    }
  }
}
