package app.avalo.gateway.edge;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.deadline.DeadlineWheel;
import app.avalo.gateway.edge.answer.Answers;
import app.avalo.gateway.edge.answer.Explained;
import app.avalo.gateway.edge.answer.FixedAnswers;
import app.avalo.gateway.edge.client.ClientConnection;
import app.avalo.gateway.edge.client.Connections;
import app.avalo.gateway.edge.client.OpenConnections;
import app.avalo.gateway.edge.intake.Intake;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.forward.Forwarder;
import app.avalo.gateway.forward.Responder;
import app.avalo.gateway.forward.body.RequestTrailers;
import app.avalo.gateway.forward.head.Framing;
import app.avalo.gateway.pipeline.Pipeline;
import io.netty.util.AsciiString;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The straight line of a request on one event loop: connection, intake, pipeline, forwarder,
 * answer. Everything here is confined to that loop, but for the two counters.
 */
public final class EdgeLoop {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeLoop.class);
  private static final CharSequence ALLOW = AsciiString.cached("allow");

  private final Supplier<Plan> plan;
  private final Ticker ticker;
  private final Connections connections;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final Intake intake = new Intake();
  private final Answers answers;
  private final Forwarder forwarder;
  private final List<Filter> filters;
  private final Pipeline pipeline;
  private volatile boolean draining;

  /**
   * Assembles the loop.
   *
   * @param plan the plan in force, one volatile read
   * @param openConnections of all loops together
   * @param filters of this loop, in order
   * @param forwarder makes this loop's forwarder, given the way back
   */
  public EdgeLoop(
      Supplier<Plan> plan,
      Ticker ticker,
      Timers timers,
      DeadlineWheel deadlines,
      OpenConnections openConnections,
      List<Filter> filters,
      Function<Responder, Forwarder> forwarder) {
    this.plan = plan;
    this.ticker = ticker;
    this.connections = new Connections(plan, ticker, deadlines, openConnections);
    this.answers = new Answers(ticker, timers, () -> draining, inFlight);
    this.forwarder = forwarder.apply(answers);
    this.filters = List.copyOf(filters);
    this.pipeline = new Pipeline(filters, this::act, answers::local);
    answers.through(pipeline);
  }

  private void act(Exchange exchange) {
    if (exchange.target() == null) {
      answers.local(exchange, FixedAnswers.of(exchange));
    } else {
      forwarder.forward(exchange);
    }
  }

  Connections connections() {
    return connections;
  }

  /** Whether a peer's word on its clients is believed; safe from every thread. */
  boolean trusts(IpAddress peer) {
    return plan.get().trustedHops().contains(peer);
  }

  void handle(HttpServerRequest request) {
    ClientConnection client = ClientConnection.of(request.connection());
    if (client == null || client.isClosing()) {
      // Sent behind a request whose answer said close.
      return;
    }
    HttpServerResponse response = request.response();
    if (request.version() != HttpVersion.HTTP_2 && response.writeQueueFull()) {
      // A client that sends on and on but reads nothing waits until it has read.
      response.drainHandler(
          drained -> {
            response.drainHandler(null);
            begin(client, request);
          });
    } else {
      begin(client, request);
    }
  }

  private void begin(ClientConnection client, HttpServerRequest request) {
    client.begins();
    inFlight.incrementAndGet();
    if (Framing.expectsBody(request)) {
      // Filters may take their time; nothing of the body may be lost meanwhile.
      request.pause();
      RequestTrailers.keep(request);
    }
    Intake.Admission admission = admit(client, request);
    if (admission == null) {
      return;
    }
    GatewayError refusal = admission.refusal();
    if (refusal != null) {
      refuse(admission, refusal);
    } else {
      pipeline.run(admission.exchange());
    }
  }

  /** Nothing of a request that breaks the intake can be answered, so its connection goes. */
  private Intake.@Nullable Admission admit(ClientConnection client, HttpServerRequest request) {
    try {
      Plan current = plan.get();
      Intake.Admission admission = intake.admit(current, client, request, ticker.nanos());
      admission.exchange().clientCertificate(client.certificate());
      admission.exchange().roundTripMicros(client.roundTripMicros(current));
      admission.exchange().bounds(client.bounds());
      return admission;
    } catch (RuntimeException defect) {
      LOG.atError().setCause(defect).log("a request broke the intake");
      client.ended();
      inFlight.decrementAndGet();
      request.connection().close();
      return null;
    }
  }

  /** A request that the decoder could not read. */
  void malformed(HttpServerRequest request, GatewayError error) {
    ClientConnection client = ClientConnection.of(request.connection());
    if (client == null || client.isClosing()) {
      return;
    }
    client.begins();
    inFlight.incrementAndGet();
    Intake.Admission admission = admit(client, request);
    if (admission != null) {
      refuse(new Intake.Admission(admission.exchange(), error, Set.of()), error);
    }
  }

  private void refuse(Intake.Admission admission, GatewayError refusal) {
    Reply.Local reply = Reply.Local.of(refusal);
    if (!admission.allowed().isEmpty()) {
      reply.headers().set(ALLOW, String.join(", ", admission.allowed()));
    }
    answers.local(admission.exchange(), reply);
  }

  /**
   * Lets an exchange that is only explained take the way of a live one, as far as the choice of its
   * region. Must be called on this loop.
   */
  public Future<Exchange> explain(Exchange exchange) {
    Promise<Exchange> explained = Promise.promise();
    Intake.Admission admission = intake.route(exchange);
    GatewayError refusal = admission.refusal();
    if (refusal != null) {
      Explained.answer(exchange, Reply.Local.of(refusal));
      return Future.succeededFuture(exchange);
    }
    Explained.route(exchange);
    new Pipeline(
            filters,
            passed -> {
              if (passed.target() == null) {
                Explained.answer(passed, FixedAnswers.of(passed));
              } else {
                forwarder.explain(passed);
              }
              explained.complete(passed);
            },
            (refused, reply) -> {
              Explained.answer(refused, reply);
              explained.complete(refused);
            })
        .run(exchange);
    return explained.future();
  }

  public Forwarder forwarder() {
    return forwarder;
  }

  /** Exchanges in flight; safe from every thread. */
  public int inFlight() {
    return inFlight.get();
  }

  /** From now on every answer asks the client to close; safe from every thread. */
  public void drain() {
    draining = true;
  }
}
