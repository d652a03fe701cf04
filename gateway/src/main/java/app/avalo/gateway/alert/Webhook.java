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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HexFormat;
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
 * accepted (2xx). What is not has a schedule of its own, and after its third try the others go on.
 * It is given up after three days, after an hour of refusals alone (another 3xx or 4xx, which a
 * path or secret that is mended may heal), and at once if it is gone (410). Waiting alerts are
 * bounded: the oldest give way. With a state directory they outlive the process, so one may be sent
 * twice; but not again by the process that delivered it.
 *
 * <p>{@link #send} is safe from every thread and never waits; the rest runs on the control loop.
 */
public final class Webhook {
  private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);
  private static final int MOST_WAITING = 1000;

  /** With a receiver that is out of order: over a weekend. */
  private static final Duration PATIENCE = Duration.ofDays(3);

  /** With one that does nothing but refuse. */
  private static final Duration PATIENCE_REFUSED = Duration.ofHours(1);

  /** Until it looks again at least: whether the configuration names another receiver. */
  private static final Duration LOOK = Duration.ofSeconds(30);

  /** What a receiver said, and in how many seconds it wants to be asked again. */
  private record Answer(int status, long retryAfter) {}

  /** What became of deliveries. */
  public enum Result {
    DELIVERED,
    /** Will be tried again. */
    FAILED,
    /** Not taken for too long, refused for good, or there was no more room for it. */
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
  private boolean busy = true; // until it started
  private GatewayConfig.@Nullable Webhook last; // receiver
  private Timers.@Nullable Timer look;
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

  /** How many wait. */
  public int waiting() {
    return waiting.size();
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
      Delivery oldest = Objects.requireNonNull(waiting.oldest());
      waiting.remove(oldest);
      dropped(oldest.alert, "more are waiting than there is room for");
    }
    waiting.add(alert, over);
    deliver();
  }

  private void deliver() {
    GatewayConfig.Webhook to = config.get().alerts().webhook();
    if (to == null) {
      waiting.clear();
    }
    if (last != null && !last.equals(to)) {
      waiting.each(Delivery::anew);
    }
    last = to;
    long now = ticker.nanos();
    Delivery next = waiting.next(now);
    if (to == null || next == null || busy || closed) {
      return;
    }
    long pause = next.pause(now);
    if (pause > 0) {
      lookIn(Duration.ofNanos(Math.min(pause, LOOK.toNanos())));
    } else {
      busy = true;
      Future.succeededFuture(next.alert)
          .compose(alert -> post(to, alert))
          .onComplete(done -> answered(next, done.result(), done.cause()));
    }
  }

  private void lookIn(Duration pause) {
    if (look != null) {
      look.cancel();
    }
    look = timers.after(pause, this::deliver);
  }

  private Future<Answer> post(GatewayConfig.Webhook to, Alert alert) {
    String body = alert.body(config.get().name());
    long seconds = ticker.epochMillis() / 1000;
    RequestOptions request =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setAbsoluteURI(to.url().toString())
            .setConnectTimeout(to.timeout().toMillis())
            .putHeader("content-type", "application/json")
            .putHeader("avalo-alert", ascii(alert.id()))
            .putHeader("avalo-signature", Signature.of(to.secret().reveal(), seconds, body));
    HttpClient client = "https".equals(to.url().getScheme()) ? secure : plain;
    return client.request(request).compose(open -> exchange(open, body, to.timeout()));
  }

  /** The receiver's body is of no interest. */
  private Future<Answer> exchange(HttpClientRequest request, String body, Duration timeout) {
    Timers.Timer deadline = timers.after(timeout, request::reset);
    return request
        .send(body)
        .map(Webhook::answer)
        .onComplete(
            answered -> {
              deadline.cancel();
              request.connection().close();
            });
  }

  /** As a header can hold it: users are named in many scripts. */
  private static String ascii(String id) {
    StringBuilder text = new StringBuilder(id.length());
    for (byte each : id.getBytes(StandardCharsets.UTF_8)) {
      if (each >= ' ' && each < 127) {
        text.append((char) each);
      } else {
        text.append('%').append(HexFormat.of().withUpperCase().toHexDigits(each));
      }
    }
    return text.toString();
  }

  private static Answer answer(HttpClientResponse response) {
    response.exceptionHandler(cut -> {});
    String after = response.getHeader("retry-after");
    boolean seconds = after != null && after.matches("[0-9]{1,9}");
    return new Answer(response.statusCode(), seconds ? Long.parseLong(after) : 0);
  }

  private void answered(Delivery next, @Nullable Answer answer, @Nullable Throwable failure) {
    busy = false;
    int status = answer == null ? 0 : answer.status();
    if (status >= 200 && status < 300) {
      delivered.add(next.alert.id());
      counts.incrementAndGet(Result.DELIVERED.ordinal());
      waiting.remove(next);
      waiting.each(Delivery::alive);
    } else if (waiting.has(next)) {
      Duration asked = Duration.ofSeconds(answer == null ? 0 : answer.retryAfter());
      notTaken(next, status, failure == null ? "status " + status : failure.toString(), asked);
    }
    deliver();
  }

  private void notTaken(Delivery next, int status, String cause, Duration asked) {
    long now = ticker.nanos();
    boolean refused = status >= 300 && status < 500 && status != 408 && status != 429;
    next.failed(now, refused, asked);
    if (status == 410
        || next.tried(now).compareTo(PATIENCE) >= 0
        || next.refused(now).compareTo(PATIENCE_REFUSED) >= 0) {
      waiting.remove(next);
      dropped(next.alert, cause);
      return;
    }
    counts.incrementAndGet(Result.FAILED.ordinal());
    LOG.atWarn()
        .addKeyValue("alert", next.alert.id())
        .addKeyValue("cause", cause)
        .addKeyValue("again", Duration.ofNanos(next.pause(now)))
        .log("alert not delivered");
  }

  /** Nobody gets it any more, so the log has all of it. */
  private void dropped(Alert alert, String cause) {
    LOG.atError()
        .addKeyValue("alert", alert.id())
        .addKeyValue("cause", cause)
        .addKeyValue("body", alert.body(config.get().name()))
        .log("alert given up");
    counts.incrementAndGet(Result.DROPPED.ordinal());
  }

  /** Sends nothing more; what waits is the next process's. */
  public void close() {
    loop.execute(() -> closed = true);
    plain.close();
    secure.close();
  }
}
