package app.avalo.gateway.failover;

import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Users who chat, call and pay all the time: half of them known by a cookie, half by an API key,
 * living near each region alike. Each sends one request per service at a time, the next a moment
 * after the answer; paying is a POST. Everything happens on one event loop.
 */
final class PinnedUsers implements AutoCloseable {
  static final List<String> SERVICES = List.of("chat", "calls", "wallet");
  static final Map<String, String> ADDRESSES =
      new TreeMap<>(
          Map.of(
              "eu", ThreeRegions.BERLIN,
              "us", ThreeRegions.SAN_FRANCISCO,
              "asia", ThreeRegions.TOKYO));

  private static final int EACH = 3;
  private static final int PAUSE_MILLIS = 50;

  private final Vertx vertx = Vertx.vertx();
  private final HttpClientAgent client =
      vertx.httpClientBuilder().with(new PoolOptions().setHttp1MaxSize(500)).build();
  private final int port;
  private final List<User> users = new ArrayList<>();
  private final List<Visit> visits = new ArrayList<>(); // the loop
  private volatile boolean leaving;
  private int running; // the loop
  private final CompletableFuture<Void> left = new CompletableFuture<>();

  /** One user; the cookie changes with the answers. */
  private static final class User {
    final String home;
    final String name;
    final @Nullable String key;
    @Nullable String cookie; // the loop

    User(String home, String name, @Nullable String key) {
      this.home = home;
      this.name = name;
      this.key = key;
    }
  }

  /**
   * One request.
   *
   * @param user who, by region of the first visit, kind and number
   * @param id the request's own
   * @param endNanos when its answer was complete
   * @param status 0 when there was none
   * @param region that served it, empty without one
   * @param epoch of the pin as the region saw it, 0 without one
   */
  record Visit(
      String user,
      String home,
      String service,
      String id,
      long startNanos,
      long endNanos,
      int status,
      String region,
      long epoch) {
    boolean good() {
      return status == 200;
    }
  }

  PinnedUsers(int port) {
    this.port = port;
    for (String home : ADDRESSES.keySet()) {
      for (int i = 0; i < EACH; i++) {
        users.add(new User(home, home + "-cookie-" + i, null));
        String name = home + "-key-" + i;
        users.add(new User(home, name, key(name)));
      }
    }
  }

  /** The users with API keys, as the gateway's configuration has to name them. */
  static String apiKeys() {
    StringBuilder keys = new StringBuilder("identity:\n  apiKeys:\n");
    for (String home : ADDRESSES.keySet()) {
      for (int i = 0; i < EACH; i++) {
        String name = home + "-key-" + i;
        keys.append("    - {name: %s, key: \"${env:NONE:-%s}\"}\n".formatted(name, key(name)));
      }
    }
    return keys.toString();
  }

  private static String key(String name) {
    return "the-key-of-" + name;
  }

  /** Everybody visits every service once, one after the other, then all at once for ever. */
  void arrive() {
    CompletableFuture<Void> arrived = new CompletableFuture<>();
    vertx.runOnContext(
        now -> {
          List<Future<?>> first = new ArrayList<>();
          for (User user : users) {
            Future<?> line = Future.succeededFuture();
            for (String service : SERVICES) {
              line = line.compose(before -> visit(user, service));
            }
            first.add(line);
          }
          Future.all(first)
              .onComplete(
                  done -> {
                    for (User user : users) {
                      for (String service : SERVICES) {
                        running++;
                        goOn(user, service);
                      }
                    }
                    arrived.complete(null);
                  });
        });
    arrived.orTimeout(20, TimeUnit.SECONDS).join();
  }

  private void goOn(User user, String service) {
    if (leaving) {
      if (--running == 0) {
        left.complete(null);
      }
      return;
    }
    visit(user, service)
        .onComplete(done -> vertx.setTimer(PAUSE_MILLIS, fired -> goOn(user, service)));
  }

  private Future<?> visit(User user, String service) {
    long start = System.nanoTime();
    String id = user.name + "/" + service + "/" + start;
    RequestOptions request =
        new RequestOptions()
            .setMethod(service.equals("wallet") ? HttpMethod.POST : HttpMethod.GET)
            .setHost("127.0.0.1")
            .setPort(port)
            .setURI("/" + service)
            .putHeader("X-Test-Id", id)
            .putHeader("X-Forwarded-For", ADDRESSES.get(user.home));
    if (user.key != null) {
      request.putHeader("X-Api-Key", user.key);
    } else if (user.cookie != null) {
      request.putHeader("Cookie", user.cookie);
    }
    return client
        .request(request)
        .compose(sent -> sent.send())
        .compose(answer -> answer.body().map(body -> note(user, service, id, start, answer, body)))
        .otherwise(
            failure ->
                visits.add(
                    new Visit(
                        user.name, user.home, service, id, start, System.nanoTime(), 0, "", 0)));
  }

  private boolean note(
      User user,
      String service,
      String id,
      long start,
      HttpClientResponse answer,
      io.vertx.core.buffer.Buffer body) {
    String cookie = answer.getHeader("Set-Cookie");
    if (cookie != null && user.key == null) {
      user.cookie = cookie.substring(0, cookie.indexOf(';'));
    }
    String region = answer.getHeader("X-Region");
    long epoch =
        region == null
            ? 0
            : Long.parseLong(
                new JsonObject(body).getJsonObject("headers").getString("x-pin-epoch"));
    return visits.add(
        new Visit(
            user.name,
            user.home,
            service,
            id,
            start,
            System.nanoTime(),
            answer.statusCode(),
            region == null ? "" : region,
            epoch));
  }

  /** Ends all visits and tells them, by user and service, in the order of their answers. */
  Map<String, List<Visit>> leave() {
    leaving = true;
    left.orTimeout(20, TimeUnit.SECONDS).join();
    Map<String, List<Visit>> lines = new LinkedHashMap<>();
    for (Visit visit : visits) {
      lines
          .computeIfAbsent(visit.user() + "/" + visit.service(), line -> new ArrayList<>())
          .add(visit);
    }
    return lines;
  }

  /** Lets this much time pass under load. */
  void goOnFor(Duration time) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    vertx.setTimer(time.toMillis(), fired -> over.complete(null));
    over.join();
  }

  /** The longest time in which a user got no good answer from a service. */
  static Duration worstGap(List<Visit> line) {
    long worst = 0;
    long last = line.get(0).startNanos();
    for (Visit visit : line) {
      if (visit.good()) {
        worst = Math.max(worst, visit.endNanos() - last);
        last = visit.endNanos();
      }
    }
    return Duration.ofNanos(Math.max(worst, line.get(line.size() - 1).endNanos() - last));
  }

  @Override
  public void close() {
    vertx.close();
  }
}
