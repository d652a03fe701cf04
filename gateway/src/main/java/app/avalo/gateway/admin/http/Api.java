package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.AdminConfig;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.edge.intake.RequestIds;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers calls under {@code /admin} and carries them out: gate, body, handler, answer, audit
 * line. Handlers may answer from any thread; what is written is written on the admin port's loop.
 */
public final class Api {
  static final int BODY = 64 * 1024;
  private static final Logger LOG = LoggerFactory.getLogger(Api.class);
  private static final Duration BODY_PATIENCE = Duration.ofSeconds(10);

  /** For an answer; counting millions of pins takes a while. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What a wrong token costs, so that guessing is slow before the lock-out ends it. */
  private static final Duration PENALTY = Duration.ofMillis(200);

  private static final String CALL = "call";

  private final Router router;
  private final Context loop;
  private final Timers timers;
  private final Gate gate;
  private final BodyHandler bodies = BodyHandler.create(false).setBodyLimit(BODY);
  private final RequestIds ids = new RequestIds();
  private final Set<String> paths = new TreeSet<>();

  /** Answers a call; may throw a {@link Refusal}. */
  public interface Handler {
    Future<Answer> answer(Call call);
  }

  /** An api on the calling loop. */
  public Api(Vertx vertx, Router router, Supplier<AdminConfig> config, Ticker ticker) {
    this.router = router;
    this.loop = vertx.getOrCreateContext();
    this.timers = Timers.of(vertx);
    this.gate = new Gate(config, ticker);
    for (int status : new int[] {400, 405, 408, 413, 415, 500}) {
      router.errorHandler(status, context -> refuse(context, Refusal.ofStatus(status)));
    }
    router.errorHandler(
        404, context -> refuse(context, Refusal.unknown("path", context.request().path(), paths)));
  }

  /** A call that changes nothing. */
  public void read(HttpMethod method, String path, Handler handler) {
    register(method, path, Role.VIEWER, null, handler);
  }

  /**
   * A call that changes something.
   *
   * @param action what it does in a word, for the audit log
   */
  public void write(HttpMethod method, String path, Role role, String action, Handler handler) {
    register(method, path, role, action, handler);
  }

  private void register(
      HttpMethod method, String path, Role role, @Nullable String action, Handler handler) {
    paths.add(path);
    Route route = router.route(method, path);
    route.handler(
        context -> {
          Call call = new Call(context, ids.next());
          context.put(CALL, new Attempt(call, action));
          admit(context, call, role);
        });
    route.handler(context -> answer(context, handler));
    route.failureHandler(this::failed);
  }

  /**
   * A call under way.
   *
   * @param call it
   * @param action what it would write, or null
   */
  private record Attempt(Call call, @Nullable String action) {}

  private void admit(RoutingContext context, Call call, Role role) {
    Who who = gate.identify(context.request());
    call.identified(who);
    gate.require(who, role);
    if (hasBody(context)) {
      String type = context.request().getHeader(HttpHeaders.CONTENT_TYPE);
      if (type == null || !type.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
        throw Refusal.ofStatus(415);
      }
      Timers.Timer late = timers.after(BODY_PATIENCE, () -> late(context));
      context.addEndHandler(end -> late.cancel());
      bodies.handle(context); // calls next when the body is there
    } else {
      context.next();
    }
  }

  private static boolean hasBody(RoutingContext context) {
    String length = context.request().getHeader(HttpHeaders.CONTENT_LENGTH);
    return context.request().headers().contains(HttpHeaders.TRANSFER_ENCODING)
        || length != null && !length.equals("0");
  }

  private void late(RoutingContext context) {
    if (!context.request().isEnded()) {
      context.fail(408);
    }
  }

  private void answer(RoutingContext context, Handler handler) {
    Attempt attempt = context.get(CALL);
    handler
        .answer(attempt.call())
        .timeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .onComplete(
            (answer, failure) ->
                loop.runOnContext(
                    now -> {
                      if (answer == null) {
                        context.fail(failure);
                      } else {
                        done(context, attempt, answer);
                      }
                    }));
  }

  private void done(RoutingContext context, Attempt attempt, Answer answer) {
    if (attempt.action() != null) {
      Audit.write(attempt.call(), attempt.action(), answer.status(), "done");
    }
    Answer.Text text = answer.text();
    if (text == null) {
      send(context, attempt.call().id(), answer.status(), "application/json", answer.body());
    } else {
      context.response().putHeader("content-security-policy", text.policy());
      write(context, attempt.call().id(), answer.status(), text.type(), text.content());
    }
  }

  private void failed(RoutingContext context) {
    Throwable failure = context.failure();
    if (failure instanceof Refusal refusal) {
      refuse(context, refusal);
    } else if (failure instanceof StoreUnavailable away) {
      refuse(
          context, Refusal.unavailable("The shared store does not answer: " + away.getMessage()));
    } else if (failure instanceof TimeoutException) {
      refuse(context, Refusal.unavailable("This took too long; it may still come to pass."));
    } else {
      if (failure != null && context.statusCode() == 500) {
        LOG.atError().setCause(failure).log("an admin call failed");
      }
      refuse(context, Refusal.ofStatus(context.statusCode()));
    }
  }

  private void refuse(RoutingContext context, Refusal refusal) {
    Attempt attempt = context.get(CALL);
    Refusal.Problem problem = refusal.problem();
    String id = attempt == null ? ids.next() : attempt.call().id();
    if (attempt != null && attempt.action() != null) {
      context.remove(CALL);
      Audit.write(attempt.call(), attempt.action(), problem.status(), problem.detail());
    }
    JsonObject body =
        new JsonObject()
            .put("type", "urn:avalo:gateway:admin:" + problem.kind())
            .put("title", title(problem.status()))
            .put("status", problem.status())
            .put("detail", problem.detail());
    problem.more().forEach(body::put);
    body.put("requestId", id);
    if (problem.status() == 401) {
      context.response().putHeader("www-authenticate", "Bearer realm=\"avalo-admin\"");
    }
    if (problem.more().get("retryAfter") instanceof Long seconds) {
      context.response().putHeader(HttpHeaders.RETRY_AFTER, Long.toString(seconds));
    }
    boolean guess =
        problem.status() == 401 && context.request().headers().contains(HttpHeaders.AUTHORIZATION);
    if (guess) {
      timers.after(PENALTY, () -> send(context, id, 401, "application/problem+json", body));
    } else {
      send(context, id, problem.status(), "application/problem+json", body);
    }
  }

  private static String title(int status) {
    return io.netty.handler.codec.http.HttpResponseStatus.valueOf(status).reasonPhrase();
  }

  private static void send(
      RoutingContext context, String id, int status, String type, JsonObject body) {
    write(context, id, status, type, body.encodePrettily() + "\n");
  }

  private static void write(
      RoutingContext context, String id, int status, String type, String body) {
    HttpServerResponse response = context.response();
    if (response.ended() || response.closed()) {
      return;
    }
    response
        .setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, type)
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .putHeader("x-content-type-options", "nosniff")
        .putHeader("x-request-id", id);
    if (!context.request().isEnded()) {
      response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    response.end(body);
  }
}
