package app.avalo.gateway.alert;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts alerts to the service that the configuration names, one after the other, each until it is
 * accepted (2xx). Tries again after 1 s, doubling to 5 min; 408, 429 and 5xx likewise. Another
 * answer means that it will never be accepted. Waiting alerts are bounded: the oldest give way.
 * With a state directory they outlive the process, so one may be sent twice; but not again by the
 * process that delivered it.
 *
 * <p>{@link #send} is safe from every thread and never waits; the rest runs on the control loop.
 */
public final class Webhook {
  private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);
  private static final int MOST_WAITING = 1000;
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  /** What became of deliveries. */
  public enum Result {
    DELIVERED,
    /** Will be tried again. */
    FAILED,
    /** Refused for good, or there was no more room for it. */
    DROPPED;

    /** As metrics call it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Executor loop;
  private final Timers timers;
  private final Ticker ticker;
  private final Supplier<GatewayConfig> config;
  private final HttpClient plain;
  private final HttpClient secure;
  private final Outbox waiting;
  private final AtomicLongArray counts = new AtomicLongArray(Result.values().length);
  private Duration pause = FIRST_PAUSE;
  private boolean busy = true; // until it started
  private boolean closed;

  private final Set<String> delivered = // by this process, those of late
      Collections.newSetFromMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
              return size() > MOST_WAITING;
            }
          });

  /**
   * Sends nothing yet.
   *
   * @param loop runs tasks on the control loop
   * @param config in force
   */
  public Webhook(
      Vertx vertx, Executor loop, Timers timers, Ticker ticker, Supplier<GatewayConfig> config) {
    this.loop = loop;
    this.timers = timers;
    this.ticker = ticker;
    this.config = config;
    Path directory = config.get().state().directory();
    this.waiting = new Outbox(vertx, directory == null ? null : directory.resolve("alerts.json"));
    this.plain = vertx.createHttpClient(options());
    this.secure = vertx.createHttpClient(options().setSsl(true));
  }

  private static HttpClientOptions options() {
    return new HttpClientOptions().setKeepAlive(false).setConnectTimeout(5_000);
  }

  /** Sends what an earlier process left, and then what comes; for the control loop. */
  public void start() {
    waiting
        .open()
        .onComplete(
            opened -> {
              busy = false;
              deliver();
            });
  }

  /**
   * Sends an alert when its turn comes; without a webhook it is forgotten.
   *
   * @return completes on the control loop when it is accepted or given up; never when this process
   *     ends before
   */
  public Future<Void> send(Alert alert) {
    Promise<Void> over = Promise.promise();
    loop.execute(() -> enqueue(alert, over));
    return over.future();
  }

  /** How often this was the result. */
  public long count(Result result) {
    return counts.get(result.ordinal());
  }

  private void enqueue(Alert alert, Promise<Void> over) {
    if (closed) {
      return;
    }
    if (config.get().alerts().webhook() == null || delivered.contains(alert.id())) {
      over.complete();
      return;
    }
    if (waiting.size() == MOST_WAITING) {
      Alert oldest = Objects.requireNonNull(waiting.next());
      waiting.remove(oldest);
      dropped(oldest, "more are waiting than there is room for");
    }
    waiting.add(alert, over);
    deliver();
  }

  private void deliver() {
    GatewayConfig.Webhook to = config.get().alerts().webhook();
    Alert next = waiting.next();
    if (to == null) {
      waiting.clear();
    } else if (next != null && !busy && !closed) {
      busy = true;
      post(to, next).onComplete(done -> answered(next, done.result(), done.cause()));
    }
  }

  private Future<Integer> post(GatewayConfig.Webhook to, Alert alert) {
    String body = alert.body(config.get().name());
    long seconds = ticker.epochMillis() / 1000;
    RequestOptions request =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setAbsoluteURI(to.url().toString())
            .setConnectTimeout(to.timeout().toMillis())
            .putHeader("content-type", "application/json")
            .putHeader("avalo-alert", alert.id())
            .putHeader("avalo-signature", Signature.of(to.secret().reveal(), seconds, body));
    HttpClient client = "https".equals(to.url().getScheme()) ? secure : plain;
    return client.request(request).compose(open -> exchange(open, body, to.timeout()));
  }

  /** The status; the receiver's body is of no interest. */
  private Future<Integer> exchange(HttpClientRequest request, String body, Duration timeout) {
    Timers.Timer deadline = timers.after(timeout, request::reset);
    return request
        .send(body)
        .map(Webhook::status)
        .onComplete(
            answered -> {
              deadline.cancel();
              request.connection().close();
            });
  }

  private static int status(HttpClientResponse response) {
    response.exceptionHandler(cut -> {});
    return response.statusCode();
  }

  private void answered(Alert alert, @Nullable Integer status, @Nullable Throwable failure) {
    busy = false;
    boolean retry = status == null || status == 408 || status == 429 || status >= 500;
    if (retry) {
      counts.incrementAndGet(Result.FAILED.ordinal());
      LOG.atWarn()
          .addKeyValue("alert", alert.id())
          .addKeyValue("cause", failure == null ? "status " + status : failure.toString())
          .addKeyValue("again", pause)
          .log("alert not delivered");
      busy = true;
      timers.after(
          pause,
          () -> {
            busy = false;
            deliver();
          });
      Duration twice = pause.multipliedBy(2);
      pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      return;
    }
    pause = FIRST_PAUSE;
    waiting.remove(alert);
    if (status >= 200 && status < 300) {
      delivered.add(alert.id());
      counts.incrementAndGet(Result.DELIVERED.ordinal());
    } else {
      dropped(alert, "status " + status);
    }
    deliver();
  }

  private void dropped(Alert alert, String cause) {
    counts.incrementAndGet(Result.DROPPED.ordinal());
    LOG.atError()
        .addKeyValue("alert", alert.id())
        .addKeyValue("cause", cause)
        .log("alert given up");
  }

  /** Sends nothing more; what waits is the next process's. */
  public void close() {
    loop.execute(() -> closed = true);
    plain.close();
    secure.close();
  }
}
